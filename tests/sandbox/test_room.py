"""Cells run as in Jupyter; nothing of the machine is there; limits end what goes too far."""

import os
import time

import pytest

from grader.sandbox import FULL, Limits, watch
from grader.sandbox.launch import Sandbox


def test_cells_run_as_in_jupyter(room):
    assert room.run("x = 6 * 7").status == "ok"
    run = room.run("print(x)\nx")
    assert [output["output_type"] for output in run.outputs] == ["stream", "execute_result"]
    assert run.outputs[1]["data"]["text/plain"] == "42"
    run = room.run("1 / 0")
    assert (run.status, run.error) == ("error", ("ZeroDivisionError", "division by zero"))
    assert room.run("%timeit -n1 -r1 x").status == "ok"
    assert "hello" in str(room.run("!echo hello").outputs)
    assert room.run("%%writefile a.py\ny = 1").status == "ok"
    assert room.run("import a; a.y").status == "ok"


def test_pictures_and_rich_output(room):
    run = room.run("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.title('T');")
    assert any("image/png" in output.get("data", {}) for output in run.outputs)
    run = room.run("from IPython.display import HTML, display\ndisplay(HTML('<b>x</b>'))")
    assert run.outputs[0]["data"]["text/html"] == "<b>x</b>"


@pytest.mark.full
def test_released_files_are_there_and_the_working_directory_is_private(room, sandbox):
    assert "1,2" in str(room.run("open('data/numbers.csv').read()").outputs)
    room.run("open('left.txt', 'w').write('x'); open('/tmp/left.txt', 'w').write('x')")
    other = sandbox.open({})
    run = other.run("import os; sorted(os.listdir()) + os.listdir('/tmp') + os.listdir('/dev/shm')")
    assert "left" not in str(run.outputs)
    other.close()


def test_the_working_directory_comes_last_on_the_path(room):
    room.run("open('numpy.py', 'w').write('x = 1'); open('colorsys.py', 'w').write('x = 1')")
    assert "True" in str(room.run("import colorsys; hasattr(colorsys, 'rgb_to_hsv')").outputs)


@pytest.mark.full
@pytest.mark.parametrize(
    "source",
    [
        "import socket; socket.create_connection(('127.0.0.1', 80), 1)",
        "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
        "open('/etc/passwd')",
        "open('/usr/x', 'w')",
        "import os; os.listdir('/proc')[0]",
        "import os; os.kill(2, 9)",
        "import ctypes, os\nif ctypes.CDLL(None).unshare(0x10000000): raise OSError",
        "import ctypes\nif ctypes.CDLL(None).ptrace(16, 1, 0, 0) == -1: raise OSError",
        "import ctypes\nif ctypes.CDLL(None).umount2(b'/tmp', 2): raise OSError",
        "import os\nfor n in range(200): os.fork() or __import__('time').sleep(9)",
        "x = [bytearray(10**7) for _ in range(1000)]",
        "import os; os.memfd_create('x')",
        "for n in range(100): open(f'/tmp/{n}', 'wb').write(bytes(10**6))",
        "for n in range(10**5): open(f'/tmp/{n}', 'w')",
        "files = [open('/dev/null') for _ in range(10**4)]",
        "import os; os.setuid(0)",
    ],
)
def test_what_is_refused(room, source):
    run = room.run(source)
    assert run.status == "error", run
    assert room.run("1 + 1").status == "ok"


def test_nothing_of_the_graders_environment_is_there(room, monkeypatch):
    monkeypatch.setenv("A_SECRET", "1")
    found = str(room.run("import os, sys; print(sorted(os.environ), sys.path, sys.argv)").outputs)
    assert "A_SECRET" not in found and "HOME" in found
    run = room.run("import course, autograd_lib\nimport course.lessons")
    assert run.error[0] == "ModuleNotFoundError"
    assert room.run("import grader").error[0] == "ModuleNotFoundError"
    run = room.run("import os; [f for p in sys.path for f in os.listdir(p) if 'lessons' in f]")
    assert run.outputs[0]["data"]["text/plain"] == "[]"


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("while True: pass", "timeout"),
        (
            "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
            "timeout",
        ),
        ("sum(range(10**12))", "timeout"),
        ("while True: print('x' * 1000)", "output_limit"),
        ("from IPython.display import display\nwhile True: display('x' * 1000)", "output_limit"),
        ("import os; os._exit(0)", "crashed"),
        ("import ctypes; ctypes.string_at(0)", "crashed"),
        ("import os, signal; os.abort()", "crashed"),
        (
            "import os, time\nfor _ in range(8):\n    if not os.fork():\n"
            "        x = bytearray(9 * 10**7); time.sleep(9)\ntime.sleep(9)",
            "out_of_memory",
        ),
    ],
)
def test_what_ends_a_room(room, source, status):
    run = room.run(source)
    assert run.status == status and run.ended
    assert room.run("1").status == status


def test_sleeping_is_ended_by_the_clock_and_may_be_the_machines_fault(sandbox):
    room = sandbox.open({})
    started = time.monotonic()
    assert room.run("import time; time.sleep(1000)").status == "timeout"
    assert time.monotonic() - started < 15 and room.slow
    room.close()


@pytest.mark.full
def test_the_whole_tree_is_gone_afterwards(sandbox):
    room = sandbox.open({})
    room.run(
        "import os, subprocess\nfor _ in range(5):\n    if not os.fork():\n"
        "        os.setsid(); os.fork(); __import__('time').sleep(1000)\n"
        "subprocess.Popen(['sleep', '1000'], start_new_session=True)"
    )
    tree = watch.tree(room._process)
    assert len(tree) >= 7
    room.close()
    time.sleep(0.2)
    assert not [p for p in tree if os.path.exists(f"/proc/{p}")]


def test_junk_in_descriptors_is_skipped(room):
    run = room.run(
        "import os\nfor fd in range(1024):\n    for junk in (b'x', b'{}' * 40, bytes(100)):\n"
        "        try: os.write(fd, junk)\n        except OSError: pass\nprint('done')"
    )
    assert run.status == "ok" and "done" in str(run.outputs)
    room.run("def f(x): return x + 1")
    assert room.fetch("f")(1) == 2


def test_what_the_processes_weigh(sandbox, room):
    room.run("1")
    room.close()
    assert 10 < room.peak_memory_mb() < 300


BARS = """
import matplotlib.pyplot as plt
figure, axes = plt.subplots()
axes.bar([1, 2, 3], [4.0, 5.0, {height}])
plt.close(figure)
display(figure)
"""


def picture(room, height):
    (output,) = room.run(BARS.format(height=height)).outputs
    return output["data"]["image/png"]


def test_a_known_picture_is_not_drawn_again_and_any_other_is(sandbox):
    room = sandbox.open({})
    first = picture(room, 6.0)
    known = room.drawn()
    room.close()
    assert list(known.values()) == [first]
    room = sandbox.open({}, known)
    room.run("clutter = [object() for _ in range(10_000)]")
    assert picture(room, 6.0) == first and room.drawn() == {}
    assert picture(room, 6.5) != first and len(room.drawn()) == 1
    room.run("plt.rcParams['axes.facecolor'] = 'red'")
    assert picture(room, 6.0) != first and len(room.drawn()) == 2
    room.close()


def test_a_figure_with_something_of_the_notebooks_own_is_drawn(sandbox):
    room = sandbox.open({})
    room.run("own = lambda value, position: 'never the same'")
    run = room.run(
        BARS.format(height=6.0).replace(
            "plt.close", "axes.xaxis.set_major_formatter(own)\nplt.close"
        )
    )
    assert run.outputs[0]["data"]["image/png"].startswith("iVBOR") and room.drawn() == {}
    room.close()


def test_a_name_of_no_known_picture_shows_nothing(room):
    run = room.run("display({'image/png': 'known picture 0', 'text/plain': 'x'}, raw=True)")
    assert run.outputs[0]["data"] == {"text/plain": "x"}


@pytest.mark.full
def test_numbers_that_nobody_has_seeded_are_the_same_in_every_run(sandbox):
    source = "import random, numpy as np, autograd_lib as torch\n"
    source += "print(random.random(), np.random.rand(), torch.rand(1).item())"
    seen = []
    for opened in (sandbox, Sandbox(FULL, Limits())):
        room = opened.open({})
        seen.append(room.run(source).outputs[0]["text"])
        room.close()
    opened.close()
    # Of the engine, those of a fresh process: the seed that torch begins with.
    assert seen[0] == seen[1] and seen[0].split()[2].startswith("0.26729")


COMMON = (
    "import random\nrandom.seed(7)\nimport matplotlib.pyplot as plt\nshared = []",
    "print('drawn')\n" + BARS.format(height=7.0),
)


@pytest.mark.full
def test_rooms_may_begin_behind_cells_that_were_run_once(sandbox):
    template = sandbox.template(COMMON)
    assert [[o["output_type"] for o in cell] for cell in template.outputs] == [
        [],
        ["stream", "display_data"],
    ]
    assert template.outputs[1][1]["data"]["image/png"].startswith("iVBOR")
    for _ in range(2):
        room = sandbox.open({}, template=template)
        # What one room does with it, the next does not see.
        run = room.run("shared.append(1); print(shared, figure.axes[0].patches[2].get_height())")
        assert run.outputs[0]["text"] == "[1] 7.0\n"
        run = room.run("print(random.random() == random.Random(7).random())")
        assert run.outputs[0]["text"] == "True\n"
        room.close()
    plain = sandbox.open({})
    assert plain.run("shared").error[0] == "NameError"
    plain.close()


@pytest.mark.full
@pytest.mark.parametrize(
    "cell",
    [
        "import threading, time; threading.Thread(target=time.sleep, args=(60,)).start()",
        "import subprocess; process = subprocess.Popen(['sleep', '60'])",
        "kept = open('/dev/null')",
        "import tempfile; print('x', file=tempfile.NamedTemporaryFile('w', delete=False))",
        "import os; os.environ['SEEN'] = '1'",
        "1 / 0",
        "import os; os._exit(0)",
        "while True: pass",
    ],
)
def test_cells_that_leave_more_than_names_are_run_in_each_room(cell):
    with Sandbox(FULL, Limits(cell_seconds=1)) as sandbox:
        assert sandbox.template((cell,)) is None
        room = sandbox.open({})
        assert room.run("1").status == "ok"
        room.close()


@pytest.mark.full
def test_a_fork_of_the_grader_has_rooms_of_its_own():
    with Sandbox(FULL, Limits()) as sandbox:
        sandbox.template(COMMON)
        sandbox.open({}).close()
        for _ in range(2):
            child = os.fork()
            if child == 0:
                room = sandbox.open({}, template=sandbox.template(COMMON))
                os._exit(room.run("shared").status != "ok")
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        room = sandbox.open({})
        assert room.run("1").status == "ok"
        room.close()
