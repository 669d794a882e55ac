"""Calls and serves capabilities of a Hansa node from Python, with its standard library alone.

  python3 sdk/examples/agent.py call CAPABILITY [ARGUMENTS]
  python3 sdk/examples/agent.py serve

HANSA_CONTROL names the node, unix:/path or http://127.0.0.1:PORT, and HANSA_CREDENTIAL_FILE the file that holds what
`hansa agent add` printed. `serve` offers local.shout, which answers in capitals, until it is interrupted; when it
starts again the capability is available again.
"""
import http.client
import json
import os
import socket
import sys
import urllib.parse


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.unix_path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.unix_path)


def connection():
    control = os.environ["HANSA_CONTROL"]
    if control.startswith("unix:"):
        return UnixConnection(control.removeprefix("unix:"))
    return http.client.HTTPConnection(urllib.parse.urlsplit(control).netloc)


def post(method, params):
    """Sends one request. Returns the open response; raises RuntimeError with the code of a refusal."""
    with open(os.environ["HANSA_CREDENTIAL_FILE"]) as file:
        credential = file.read().strip()
    headers = {"content-type": "application/json", "authorization": f"Bearer {credential}"}
    node = connection()
    node.request("POST", f"/control/v1/{method}", json.dumps(params), headers)
    response = node.getresponse()
    if response.status != 200:
        raise RuntimeError(json.loads(response.read())["error"])
    return response


def call(capability, arguments):
    frame = json.loads(post("invoke", {"capability": capability, "args": arguments}).read())
    print(json.dumps(frame["value"], ensure_ascii=False))


def serve():
    text = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    definition = {"id": "local.shout", "safety": "READ", "input": json.dumps(text), "output": json.dumps(text)}
    registration = None
    for line in post("serve", definition):
        event = json.loads(line)
        if event["type"] == "registered":
            registration = event["registration"]
            print(f"serving {event['capability']}", flush=True)
        elif event["type"] == "invoke":
            answer = {"text": event["args"]["text"].upper()}
            post("answer", {"registration": registration, "id": event["id"], "ok": True, "value": answer}).read()


if __name__ == "__main__":
    try:
        if sys.argv[1:] == ["serve"]:
            serve()
        elif len(sys.argv) > 2 and sys.argv[1] == "call":
            call(sys.argv[2], json.loads(sys.argv[3] if len(sys.argv) > 3 else "{}"))
        else:
            sys.exit(__doc__)
    except RuntimeError as refused:
        sys.exit(f"{refused.args[0]['code']}: {refused.args[0]['message']}")
