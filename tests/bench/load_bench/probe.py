"""One request by hand: whether a proxy gives a client what the upstream said."""
import http.client
import json
import ssl

QUESTION = {"model": "bench-0000", "max_tokens": 500, "messages": [{"role": "user", "content": "hello"}]}


def ask(port, key, stream, authority=None, leave=False):
    """(status, the text that was answered, how a stream ended). `leave`: once a stream has content."""
    if authority:
        connection = http.client.HTTPSConnection(
            "localhost", port, timeout=60, context=ssl.create_default_context(cafile=authority))
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        body = json.dumps({**QUESTION, "stream": stream,
                           **({"stream_options": {"include_usage": True}} if stream else {})})
        connection.request("POST", "/v1/chat/completions", body,
                           {"Authorization": f"Bearer {key}", "Content-Type": "application/json"})
        response = connection.getresponse()
        text = until_content(response) if leave and response.status == 200 else response.read().decode()
        if response.status != 200:
            return response.status, text, None
        return (200, *(of_stream(text) if stream else of_answer(text)))
    finally:
        connection.close()


def until_content(response):
    text = ""
    while not of_stream(text)[0]:
        line = response.readline().decode()
        if not line:
            break
        text += line
    return text


def of_answer(text):
    return json.loads(text)["choices"][0]["message"]["content"], "whole"


def of_stream(text):
    said, last = "", None
    for line in text.splitlines():
        if not line.startswith("data: "):
            continue
        last = line[len("data: "):]
        if last == "[DONE]":
            continue
        for choice in json.loads(last)["choices"]:
            said += choice["delta"].get("content") or ""
    return said, "done" if last == "[DONE]" else f"ended with {last}"
