"""An API script that takes pictures off the WebSocket: binary frames that arrive while a node runs are that node's.

Usage: pictures_by_socket.py HOST:PORT PROMPT.json FOLDER NODE. Writes each picture of NODE into FOLDER, and says what it
saw as JSON.
"""

import json
import sys
import urllib.request
import uuid
from pathlib import Path

import websocket

server, prompt_file, folder, wanted = sys.argv[1:]
client_id = str(uuid.uuid4())

socket = websocket.WebSocket()
socket.connect(f"ws://{server}/ws?clientId={client_id}")

body = json.dumps({"prompt": json.loads(Path(prompt_file).read_text()), "client_id": client_id}).encode()
prompt_id = json.loads(urllib.request.urlopen(f"http://{server}/prompt", data=body).read())["prompt_id"]

node, pictures = None, []
while True:
    frame = socket.recv()
    if isinstance(frame, str):
        message = json.loads(frame)
        if message["type"] == "executing" and message["data"].get("prompt_id") == prompt_id:
            node = message["data"]["node"]
            if node is None:
                break
    elif node == wanted:
        # Two numbers of four bytes stand before the picture: the kind of event, and the picture's format.
        path = Path(folder, f"{len(pictures)}.bin")
        path.write_bytes(frame[8:])
        pictures.append(str(path))
socket.close()

print(json.dumps({"pictures": pictures}))
