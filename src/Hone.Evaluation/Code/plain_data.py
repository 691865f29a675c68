# Values that may pass between the two processes: plain data of exact types, tagged, as one line of JSON. A value of any other
# type, or a subclass, does not pass. Read by both sides, each in a process of its own.
import collections, json

_DEPTH, _ITEMS = 60, 2_000_000
_TYPES = {t.__name__: t for t in (bool, bytes, complex, dict, float, frozenset, int, list, set, str, tuple)}


class NotPlain(Exception):
    pass


def encode(value, refs=None, depth=0, count=None):
    count = count if count is not None else [0]
    count[0] += 1
    if depth > _DEPTH or count[0] > _ITEMS:
        raise NotPlain("a value that is too deep or too large")
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind is int:
        return {"i": hex(value)}
    if kind is float:
        return {"f": value.hex()}
    if kind is str:
        return {"s": value.encode("utf-8", "surrogatepass").hex()}
    if kind is bytes or kind is bytearray:
        return {kind.__name__: value.hex()}
    if kind is complex:
        return {"c": [value.real.hex(), value.imag.hex()]}
    again = lambda v: encode(v, refs, depth + 1, count)
    if kind in (list, tuple, set, frozenset):
        return {kind.__name__: [again(v) for v in list(value)]}
    if kind is collections.deque:
        return {"deque": [again(v) for v in list(value)]}
    if kind in (dict, collections.OrderedDict, collections.Counter, collections.defaultdict):
        return {"dict": [[again(k), again(v)] for k, v in list(dict.items(value))]}
    if kind is range:
        return {"range": [again(value.start), again(value.stop), again(value.step)]}
    # Python's own types, by name: MBPP's 533 gives one as an argument.
    if kind is type and _TYPES.get(value.__name__) is value:
        return {"type": value.__name__}
    if refs is not None:
        plain = refs(value)
        if plain is not None:
            return plain
    raise NotPlain("a value of type " + str(kind.__name__)[:60])


def decode(tree, refs=None, depth=0):
    if depth > _DEPTH + 5:
        raise NotPlain("a value that is too deep")
    if tree is None or tree is True or tree is False:
        return tree
    if type(tree) is not dict or len(tree) != 1:
        raise NotPlain("a malformed value")
    (tag, body), = tree.items()
    again = lambda v: decode(v, refs, depth + 1)
    if tag == "i":
        return int(body, 16)
    if tag == "f":
        return float.fromhex(body)
    if tag == "s":
        return bytes.fromhex(body).decode("utf-8", "surrogatepass")
    if tag in ("bytes", "bytearray"):
        return {"bytes": bytes, "bytearray": bytearray}[tag].fromhex(body)
    if tag == "c":
        return complex(float.fromhex(body[0]), float.fromhex(body[1]))
    if tag in ("list", "tuple", "set", "frozenset", "deque"):
        make = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset, "deque": collections.deque}[tag]
        return make([again(v) for v in body])
    if tag == "dict":
        return {again(k): again(v) for k, v in body}
    if tag == "range":
        return range(*[again(v) for v in body])
    if tag == "type" and type(body) is str and body in _TYPES:
        return _TYPES[body]
    if tag == "iter":
        return iter([again(v) for v in body])
    if refs is not None:
        return refs(tag, body)
    raise NotPlain("a malformed value")


def text_of(error):
    # Half a surrogate pair is no text for whoever reads on.
    return str(error)[:300].encode("utf-8", "replace").decode("utf-8")


def line(message):
    return (json.dumps(message, separators=(",", ":")) + "\n").encode("ascii")
