"""A script of comfy-sdk, the client of Comfy API v2: assets, jobs, events, outputs, cancel, refusals.

Usage: COMFY_BASE_URL=URL comfy_api_v2.py TEXT_TO_IMAGE.json IMAGE_TO_IMAGE.json PICTURE FOLDER. Writes the pictures into
FOLDER, and says what it saw as JSON.
"""

import json
import sys
from pathlib import Path

from comfy_sdk import Comfy
from comfy_sdk.exceptions import ComfyError

text_to_image, image_to_image, picture, folder = sys.argv[1:]
seen = {}


def refusal(call):
    try:
        call()
    except ComfyError as error:
        return type(error).__name__
    return None


with Comfy() as client:
    job = client.submit(client.workflows.from_file(text_to_image), metadata={"batch": "7"})
    seen["events"] = [type(event).__name__ for event in job.events()]
    seen["status"] = job.result().status
    seen["metadata"] = client.jobs.get(job.id).metadata
    [output] = job.outputs
    output.to_file(Path(folder, "made.png"))
    seen["output"] = [output.type, output.content_type, output.size_bytes == len(output.to_bytes())]
    seen["classes"] = [node["class_type"] for node in job.get_workflow().graph.values()]

    asset = client.assets.from_bytes(Path(picture).read_bytes(), filename="drawn.png", content_type="image/png")
    graph = json.loads(Path(image_to_image).read_text())
    next(node for node in graph.values() if node["class_type"] == "LoadImage")["inputs"]["image"] = asset
    [changed] = client.run(client.workflows.from_json(graph)).outputs
    changed.to_file(Path(folder, "changed.png"))

    listed = list(client.list_jobs(limit=1))
    seen["listed"] = [summary.status for summary in listed]
    seen["newest first"] = listed[0].create_time > listed[1].create_time

    graph = json.loads(Path(text_to_image).read_text())
    graph["5"]["inputs"]["steps"] = 5000
    seen["cancelled"] = client.submit(client.workflows.from_json(graph)).cancel().wait(30).status
    graph["5"]["inputs"]["steps"] = 0
    seen["invalid"] = refusal(lambda: client.submit(client.workflows.from_json(graph)))
    seen["unknown"] = refusal(lambda: client.jobs.get("00000000-0000-4000-8000-000000000000"))
    asset.delete()
    seen["deleted"] = refusal(lambda: client.assets.get(asset.id))

print(json.dumps(seen))
