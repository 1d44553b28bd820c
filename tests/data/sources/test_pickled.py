"""The reader of CIFAR-10's pickles: the same as Python's own on honest files, and nothing at all on others."""

import os
import pickle
import struct
import sys
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from netsitter.data.sources.pickled import UnsafePickle, unpickled

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**31), 2**31 - 1)
    | st.text(max_size=5)
    | st.binary(min_size=1, max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(
    st.dictionaries(st.text(max_size=4) | st.binary(min_size=1, max_size=4), PLAIN, max_size=4),
    st.sampled_from([2, 3, 4]),
)
def test_honest_data_is_read_as_python_reads_it(held, protocol):
    content = pickle.dumps(held, protocol=protocol)
    assert unpickled(content) == pickle.loads(content)


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_arrays_of_bytes_are_read_as_numpy_reads_them(protocol):
    data = np.random.default_rng(0).integers(0, 256, (7, 12), dtype=np.uint8)
    assert_array_equal(unpickled(pickle.dumps({b"data": data}, protocol=protocol))[b"data"], data)


def python_2_stream(data):
    """The bytes that Python 2 wrote into the published files, put together by hand."""

    def text(value):
        return b"U" + bytes([len(value)]) + value

    array = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85" + text(b"b") + b"tR"
    kind = (
        b"cnumpy\ndtype\n("
        + text(b"u1")
        + b"K\x00K\x01tR(K\x03"
        + text(b"|")
        + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    )
    shape = b"".join(b"K" + bytes([side]) for side in data.shape) + b"\x86"
    state = b"(K\x01" + shape + kind + b"\x89T" + struct.pack("<i", data.size) + data.tobytes() + b"tb"
    labels = b"](" + b"".join(b"K" + bytes([label]) for label in range(len(data))) + b"e"
    return b"\x80\x02}q\x01(" + text(b"data") + array + state + text(b"labels") + b"q\x02" + labels + b"u."


def test_a_stream_of_python_2_is_read():
    data = np.random.default_rng(1).integers(0, 256, (5, 6), dtype=np.uint8)
    held = unpickled(python_2_stream(data))
    assert_array_equal(held[b"data"], data)
    assert held[b"labels"] == [0, 1, 2, 3, 4]


class Evil:
    """Makes a file if it is ever unpickled as Python would."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


HOSTILE = {
    "os.system": b"\x80\x02cos\nsystem\nU\x04true\x85R.",
    "posix.system": b"\x80\x02cposix\nsystem\nU\x04true\x85R.",
    "builtins.eval": b"\x80\x02c__builtin__\neval\nU\x011\x85R.",
    "an object of old": b"(S'true'\nios\nsystem\n.",
    "an object of old in protocol 2": b"\x80\x02(U\x04trueios\nsystem\n.",
    "a name of numpy that runs text": b"\x80\x02cnumpy.testing._private.utils\nrunstring\nU\x011}\x86R.",
    "a dotted name on the stack": b"\x80\x04\x8c\x05numpy\x8c\x0ecore.os.system\x93\x8c\x04true\x85R.",
    "a persistent id": b"\x80\x02U\x01aQ.",
    "a persistent id of old": b"Pabc\n.",
    "an extension code": b"\x80\x02\x82\x01.",
    "a new object": b"\x80\x02cnumpy\nndarray\n)\x81.",
    "a type of objects": b"\x80\x02cnumpy\ndtype\nU\x02O8K\x00K\x01\x87R.",
    "a huge array": b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nJ\xff\xff\xff\x7f\x85U\x01b\x87R.",
    "a huge state": b"\x80\x02}U\x01acnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    b"(K\x01J\xff\xff\xff\x7f\x85cnumpy\ndtype\nU\x02u1\x85R\x89U\x01atbs.",
    "a list filled as an object": b"\x80\x02]}b.",
    "a name filled as an object": b"\x80\x02cnumpy\nndarray\n}b.",
    "a tuple as key": b"\x80\x02})Ns.",
    "bytes of another length": b"\x80\x02T\xff\xff\xff\x7fa.",
    "bytes of endless length": b"\x80\x04\x8e\x00\x00\x00\x00\x00\x00\x00\x40a.",
    "no dict": b"\x80\x02].",
    "nothing": b"",
    "no end": b"\x80\x02}",
    "an empty stack": b"\x80\x02s.",
    "no mark": b"\x80\x02]e.",
    "an unknown place in memory": b"\x80\x02h\x07.",
    "protocol 5": b"\x80\x05}.",
    "protocol 0": b"(dp0\n.",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files_are_refused(content):
    with pytest.raises(UnsafePickle):
        unpickled(content)


def test_the_name_that_was_asked_for_is_told():
    with pytest.raises(UnsafePickle, match=r"posix\.system"):
        unpickled(pickle.dumps({b"data": Evil("true")}, protocol=2))


def test_nothing_is_run_imported_or_opened(tmp_path):
    canary = tmp_path / "pwned"
    contents = [pickle.dumps({"a": Evil(f"touch {canary}")}, protocol=p) for p in (2, 3, 4)] + list(HOSTILE.values())
    seen, watching = [], [True]

    def watch(event, arguments):
        if watching[0] and event.split(".")[0] in (
            "os",
            "subprocess",
            "socket",
            "import",
            "exec",
            "compile",
            "open",
            "pickle",
        ):
            seen.append((event, arguments))

    sys.addaudithook(watch)
    try:
        for content in contents:
            try:
                unpickled(content)
            except UnsafePickle:
                continue
    finally:
        watching[0] = False
    assert seen == []
    assert not canary.exists()


def test_tuples_nested_without_end_are_refused_and_do_no_harm():
    deep = b"\x80\x02})" + b"\x85" * 200_000 + b"Ns."
    with pytest.raises(UnsafePickle, match="key of type tuple"):
        unpickled(deep)
    doubled = b"\x80\x02}(" + b")" + b"q\x00h\x00\x86" * 100 + b"Nu."
    with pytest.raises(UnsafePickle):
        unpickled(doubled)


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_a_torn_or_changed_file_is_read_or_refused_but_never_breaks_the_reader(data):
    content = bytearray(python_2_stream(np.arange(30, dtype=np.uint8).reshape(5, 6)))
    place = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content = content[:place]
    else:
        content[place] = data.draw(st.integers(0, 255))
    with suppress(UnsafePickle):
        assert type(unpickled(bytes(content))) is dict
