"""WeChat's side of website login for tests: starts the program, and holds the phone. Needs nothing but Python."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path
from typing import Any, Iterable
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import ProxyHandler, Request, build_opener

__all__ = ["Emulator", "EmulatorError", "binary", "connect", "start"]

# Longer than the emulator itself waits.
_PATIENCE = 330
# An emulator on this machine is asked without the proxy that the environment may name.
_http = build_opener(ProxyHandler({}))


class EmulatorError(Exception):
    """A call that makes no sense, with what the emulator says of it."""


def binary() -> str:
    """Where the program is: what WEIXIN_EMULATOR_BINARY says, beside this Python, or in the PATH."""
    told = os.environ.get("WEIXIN_EMULATOR_BINARY")
    if told:
        return told
    name = "weixin-emulator" + (sysconfig.get_config_var("EXE") or "")
    beside = Path(sysconfig.get_path("scripts")) / name
    found = str(beside) if beside.is_file() else shutil.which(name)
    if not found:
        raise EmulatorError("the program weixin-emulator is neither beside this Python nor in the PATH")
    return found


class Emulator:
    """WeChat's side, and the hand that holds the phone. `stop()`, or the end of a `with`, ends what was started."""

    def __init__(self, line: dict[str, Any], end=lambda: None) -> None:
        #: In the place of https://open.weixin.qq.com, https://api.weixin.qq.com and https://localhost.weixin.qq.com:14013.
        self.open_url: str = line["open_url"]
        self.api_url: str = line["api_url"]
        self.desktop_url: str = line["desktop_url"]
        #: The control page, and the control API below it.
        self.control_url: str = line["control_url"]
        #: Of the website app, the service account and the mini program.
        self.appid: str = line.get("appid", "")
        self.secret: str = line.get("secret", "")
        self.service_account_appid: str = line.get("service_account_appid", "")
        self.service_account_secret: str = line.get("service_account_secret", "")
        self.mini_program_appid: str = line.get("mini_program_appid", "")
        self.mini_program_secret: str = line.get("mini_program_secret", "")
        #: With tls: the certificate authority to trust, and where https is served.
        self.ca_pem: str | None = line.get("ca_pem")
        self.tls_address: str | None = line.get("open_address")
        self._end = end
        self._newest: str | None = None

    def __enter__(self) -> Emulator:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        end, self._end = self._end, lambda: None
        end()

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Any route of the control API."""
        content = None if body is None else json.dumps(body).encode()
        headers = {} if content is None else {"Content-Type": "application/json"}
        request = Request(self.control_url + path, data=content, headers=headers, method=method)
        try:
            with _http.open(request, timeout=_PATIENCE) as answer:
                text = answer.read()
        except HTTPError as error:
            text = error.read().decode("utf-8", "replace")
            try:
                text = json.loads(text)["error"]
            except (ValueError, KeyError, TypeError):
                pass
            raise EmulatorError(f"{method} {path}: {text} ({error.code})") from None
        return json.loads(text) if text else None

    def wait_for_qr(self, timeout: str = "30s") -> str:
        """The uuid of the QR code that waits for a scan, as soon as there is one."""
        return self.control("GET", f"/control/wait/qr?timeout={timeout}")["uuid"]

    def scan(
        self, uuid: str | None = None, *, phone: str | None = None, person: str | None = None, timeout: str = "30s"
    ) -> str:
        """The phone scans the QR code that is shown, once one is; gives its uuid."""
        uuid = uuid or self.wait_for_qr(timeout)
        self.control("POST", "/control/scan", _told(uuid=uuid, phone=phone, person=person))
        self._newest = uuid
        return uuid

    def allow(self, uuid: str | None = None) -> None:
        """The person says yes to what was scanned last."""
        self._answer("allow", uuid)

    def cancel(self, uuid: str | None = None) -> None:
        """The person cancels: the page says so, and the site hears nothing."""
        self._answer("cancel", uuid)

    def deny(self, uuid: str | None = None) -> None:
        """The person refuses, and the site is told."""
        self._answer("deny", uuid)

    def _answer(self, answer: str, uuid: str | None) -> None:
        uuid = uuid or self._newest
        if uuid is None:
            raise EmulatorError(f"nothing was scanned that {answer}() could answer: scan() comes first")
        self.control("POST", f"/control/{answer}", {"uuid": uuid})

    def code(self, authorize_url: str) -> str:
        """A login without a browser: where the browser would be sent from this authorize page."""
        return self.control("POST", "/control/code", {"authorize_url": authorize_url})["redirect_url"]

    def wait_for_dialog(self, timeout: str = "30s") -> dict[str, Any]:
        return self.control("GET", f"/control/wait/dialog?timeout={timeout}")

    def answer_dialog(self, answer: str) -> None:
        """`allow` or `refuse`."""
        self.control("POST", "/control/dialog", {"answer": answer})

    def fault(self, call: str, fault: dict[str, Any], times: int | None = None) -> None:
        """Makes the next `times` calls go wrong; without `times` all of them, until `clear_faults()`.

        `{"errcode": 40029}` is WeChat's own way; other kinds are in /control/openapi.json.
        """
        kind = {"kind": "errcode"} if "errcode" in fault else {}
        self.control("POST", "/control/fault", _told(call=call, fault={**kind, **fault}, times=times))

    def clear_faults(self) -> None:
        self.control("DELETE", "/control/faults")

    def advance(self, seconds: int) -> None:
        """Moves WeChat's clock forward."""
        self.control("POST", "/control/advance", {"seconds": seconds})

    def auto(self, phone: dict[str, Any] | None = None, desktop: dict[str, Any] | None = None) -> None:
        """What phone and desktop do by themselves from now on: `{"answer": "allow", "after_millis": 200}`."""
        self.control("POST", "/control/auto", _told(phone=phone, desktop=desktop))

    def set_person(self, id: str, nickname: str, **more: Any) -> None:
        """Adds a person, or changes the one of that id."""
        self.control("POST", "/control/person", {"id": id, "nickname": nickname, **more})

    def set_phone(self, **settings: Any) -> None:
        """`person="lin-xiaoman"` hands the phone to somebody."""
        self.control("POST", "/control/phone", settings)

    def set_desktop(self, **settings: Any) -> None:
        """`mode="absent"`: no WeChat on this computer."""
        self.control("POST", "/control/desktop", settings)

    def requests(self, call: str | None = None, since: int | None = None) -> list[dict[str, Any]]:
        return self.control("GET", "/control/requests?" + urlencode(_told(call=call, since=since)))

    def wait_for_request(
        self, call: str | None = None, since: int | None = None, timeout: str = "30s"
    ) -> dict[str, Any]:
        return self.control("GET", "/control/wait/request?" + urlencode(_told(call=call, since=since, timeout=timeout)))

    def reset(self, scenario: dict[str, Any] | None = None) -> None:
        """Begins anew, with this scenario or as at the start."""
        self.control("POST", "/control/reset", scenario)
        self._newest = None

    def namespace(self, name: str, scenario: dict[str, Any] | None = None) -> Emulator:
        """A world of its own, for a suite beside others; its `stop()` ends it."""
        path = f"/control/namespaces/{quote(name, safe='')}"
        made = self.control("PUT", path, scenario)
        apps = {name: value for name, value in vars(self).items() if name.endswith(("appid", "secret"))}
        return Emulator({**apps, **made}, lambda: self.control("DELETE", path))


def _told(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def start(
    *,
    port: int | None = None,
    scenario: dict[str, Any] | None = None,
    callback_domains: Iterable[str] = (),
    tls: bool = False,
    ca_dir: str | os.PathLike[str] | None = None,
    args: Iterable[str] = (),
) -> Emulator:
    """Starts an emulator on free ports of this machine."""
    command = [binary(), *args]
    if port is not None:
        command += ["--port", str(port)]
    for domain in callback_domains:
        command += ["--callback-domain", domain]
    if tls or ca_dir is not None:
        command.append("--tls")
    if ca_dir is not None:
        command += ["--ca-dir", os.fspath(ca_dir)]
    folder = tempfile.TemporaryDirectory(prefix="weixin-emulator-")
    if scenario is not None:
        file = Path(folder.name) / "scenario.json"
        file.write_text(json.dumps(scenario), encoding="utf-8")
        command += ["--scenario", str(file)]
    # A file, since nobody reads a pipe while the tests run.
    log = open(Path(folder.name) / "log", "w+b")
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)

    def end() -> None:
        program.terminate()
        program.wait()
        program.stdout.close()
        log.close()
        folder.cleanup()

    line = program.stdout.readline()
    if not line:
        code = program.wait()
        log.seek(0)
        said = log.read().decode("utf-8", "replace").strip()
        end()
        raise EmulatorError(f"the emulator did not start ({code}): {said}")
    return Emulator(json.loads(line), end)


def connect(url: str) -> Emulator:
    """One that runs already, such as a container beside the tests: its `stop()` leaves it running."""
    line = dict.fromkeys(("open_url", "api_url", "desktop_url"), "")
    line["control_url"] = url.rstrip("/")
    state = Emulator(line).control("GET", "/control/state")
    for name in ("open", "api", "desktop"):
        line[f"{name}_url"] = state["urls"][name]
    for kind, before in (("website", ""), ("service_account", "service_account_"), ("mini_program", "mini_program_")):
        for app in state["apps"]:
            if app["kind"] == kind and f"{before}appid" not in line:
                line[f"{before}appid"], line[f"{before}secret"] = app["appid"], app["secret"]
    return Emulator(line)
