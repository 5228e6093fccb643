"""An API script as ComfyUI's documentation describes one: queues a prompt, follows it on a WebSocket, fetches by HTTP.

Usage: pictures_by_view.py HOST:PORT PROMPT.json FOLDER. Writes each picture into FOLDER, and says what it saw as JSON.
"""

import json
import sys
import urllib.parse
import urllib.request
import uuid
from pathlib import Path

import websocket

server, prompt_file, folder = sys.argv[1:]
client_id = str(uuid.uuid4())


def ask(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(f"http://{server}{path}", data=data)) as answer:
        return answer.read()


socket = websocket.WebSocket()
socket.connect(f"ws://{server}/ws?clientId={client_id}")

prompt = json.loads(Path(prompt_file).read_text())
prompt_id = json.loads(ask("/prompt", {"prompt": prompt, "client_id": client_id}))["prompt_id"]

ran, binary = [], 0
while True:
    frame = socket.recv()
    if not isinstance(frame, str):
        binary += 1
        continue
    message = json.loads(frame)
    if message["type"] != "executing" or message["data"].get("prompt_id") != prompt_id:
        continue
    if message["data"]["node"] is None:
        break
    ran.append(message["data"]["node"])
socket.close()

entry = json.loads(ask(f"/history/{prompt_id}"))[prompt_id]
pictures = []
for output in entry["outputs"].values():
    for image in output.get("images", []):
        query = {key: image[key] for key in ("filename", "subfolder", "type")}
        path = Path(folder, image["filename"])
        path.write_bytes(ask(f"/view?{urllib.parse.urlencode(query)}"))
        pictures.append(str(path))

print(json.dumps({"ran": ran, "binary": binary, "status": entry["status"]["status_str"], "pictures": pictures}))
