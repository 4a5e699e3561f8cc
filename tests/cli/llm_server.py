"""A language model that is none: writes the request to request.json and headers.txt, and answers what answer.json has.

    llm_server.py FOLDER     prints its port, then serves until it is killed

STATUS in FOLDER is the status of the answer (200 if there is none), DELAY the seconds before it.
"""
import http.server
import pathlib
import sys
import time

folder = pathlib.Path(sys.argv[1])


class Model(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        (folder / "headers.txt").write_text(f"{self.path}\n{self.headers}")
        (folder / "request.json").write_bytes(body)
        time.sleep(float(self.told("DELAY", "0")))
        self.send_response(int(self.told("STATUS", "200")))
        if (folder / "LOCATION").exists():
            self.send_header("location", self.told("LOCATION", ""))
        self.end_headers()
        try:
            self.wfile.write((folder / "answer.json").read_bytes())
        except OSError:
            pass  # who asked has gone

    def told(self, name, usual):
        path = folder / name
        return path.read_text().strip() if path.exists() else usual

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
print(server.server_port, flush=True)
server.serve_forever()
