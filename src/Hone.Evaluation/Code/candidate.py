# The candidate's process: runs the model's code and answers calls. It never sees a test, an expected value or the harness;
# what it writes can only claim what a call returned.
import itertools, os, re, sys, types

_in, _out = os.fdopen(os.dup(0), "rb"), os.dup(1)
_null = os.open(os.devnull, os.O_RDWR)
os.dup2(_null, 0), os.dup2(_null, 1)
sys.stdin, sys.stdout = open(os.devnull), open(os.devnull, "w")
_encode, _decode, _line, _NotPlain, _text_of, _loads, _write = encode, decode, line, NotPlain, text_of, json.loads, os.write
_ITERATORS = (types.GeneratorType, map, filter, zip, enumerate, reversed, type(iter([])), itertools.chain, itertools.islice)
_MATCH = re.Match
_objects = []


def _give(value):
    if isinstance(value, _ITERATORS):
        return {"iter": [_encode(v, _give) for v in itertools.islice(value, 1_000_000)]}
    if type(value) is _MATCH:
        return {"found": None}
    if isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType)) or type(type(value)) is type and type(value).__module__ == "candidate":
        _objects.append(value)
        return {"ref": len(_objects) - 1}
    return None


def _take(tag, body):
    if tag == "ref":
        return _objects[body]
    raise _NotPlain("a malformed value")


def _reply(message):
    data = _line(message)
    while data:
        data = data[_write(_out, data):]


def _main():
    start = _loads(_in.readline())
    module = types.ModuleType("candidate")
    sys.modules["candidate"] = module
    try:
        code = sanitize(start["code"], start["sanitize"]) if start.get("sanitize") else start["code"]
        exec(compile(code, "candidate.py", "exec"), module.__dict__)
    except BaseException as error:
        _reply({"id": 0, "error": type(error).__name__, "message": _text_of(error)})
        return
    _reply({"id": 0, "ok": None})
    while True:
        request = _in.readline()
        if not request:
            return
        call = _loads(request)
        try:
            if "set" in call:
                target = setattr(_objects[call["on"]], call["set"], _decode(call["value"], _take))
            elif "get" in call:
                target = getattr(_objects[call["on"]], call["get"])
            else:
                target = _objects[call["on"]] if call.get("on") is not None else module.__dict__[call["call"]]
                target = target(*[_decode(a, _take) for a in call["args"]], **{k: _decode(v, _take) for k, v in call["kwargs"].items()})
            answer = {"id": call["id"], "ok": _encode(target, _give)}
        except BaseException as error:
            answer = {"id": call["id"], "error": type(error).__name__, "message": _text_of(error)}
        _reply(answer)


_main()
