"""What makes the fuzzer's requests to the emulator's control API end soon: whoever waits, waits for little."""

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.path.startswith("/control/wait/"):
        query = dict(case.query or {})
        if str(query.get("timeout", "5s")).rstrip("sm").isdigit():
            query["timeout"] = "1ms"
        case.query = query
