"""A client with a process to itself that asks a gateway again and again and has nothing else to do, so that the
times it prints ("STATUS SECONDS", a line an answer) are the gateway's: witness.py PORT KEY MODEL SECONDS"""
import http.client
import json
import sys
import time

PAUSE = 0.002  # it is no part of the load


def main(port, key, model, seconds):
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "hello"}]})
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=30)
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        began = time.monotonic()
        connection.request("POST", "/v1/chat/completions", body, headers)
        answer = connection.getresponse()
        answer.read()
        print(answer.status, time.monotonic() - began)
        if answer.status != 200 and answer.getheader("retry-after") is None:
            sys.exit("it is refused and not told when to come again")
        time.sleep(PAUSE)


main(*sys.argv[1:])
