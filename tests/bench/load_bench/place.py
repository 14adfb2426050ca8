"""The folder of a run: certificates and keys that all programs of it use."""
import pathlib
import subprocess

KEY = "sk-tg-bench-0000000000000000"


class Place:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.certificate = self.folder / "certificate.pem"
        self.key = self.folder / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-days", "30", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
             "-keyout", self.key, "-out", self.certificate], check=True, capture_output=True)
        # HAProxy wants both in one file.
        self.both = self.folder / "both.pem"
        self.both.write_text(self.certificate.read_text() + self.key.read_text())
        self.key.chmod(0o600)
        self.both.chmod(0o600)

    def keys(self, name, keys):
        """A file with a key in each line."""
        path = self.folder / name
        path.write_text("".join(key + "\n" for key in keys))
        return path
