"""The catalogue of bad inputs that are refused before any work, each with the words that its message must hold."""

from __future__ import annotations

import os

import numpy as np
from PIL import Image

from tests.data.made import cifar_binary, image_folder, write_image

from .command import archive
from .spoilt import (
    arrays,
    bomb,
    circle,
    cut,
    holed,
    hostile_pickle,
    idx,
    labels,
    lying_header,
    options,
    pictures,
    plan,
    row,
    typed,
    zip_bomb,
)

ONES = np.ones((40, 3))

LABELS = (
    row("one class only", arrays(y=np.zeros(40, int)), "bad.npz", "40 rows are '0'", "at least 2 classes"),
    row("one row of a class", arrays(y=labels(row7=2).astype(int)), "'2'", "at least 2 rows", "leave the class out"),
    row("label -1", arrays(y=labels(row3=-1, row7=-1).astype(int)), "row 3: -1", "row 7: -1", "unlabelled"),
    row("label -100", arrays(y=labels(row3=-100).astype(int)), "row 3: -100", "from 0", "leave these rows out"),
    row("half a class", arrays("--task", "classify", y=labels(row9=1.5)), "row 9: 1.5", "task = regress"),
    row("missing label", arrays(y=labels(row9=np.nan)), "row 9: nan", "leave these rows out"),
    row("endless label", arrays(y=labels(row9=np.inf)), "row 9: inf", "leave these rows out"),
    row("empty label", arrays(y=np.array(["a", "", "b", " "] * 10)), "row 1: ''", "row 3: ' '"),
    row("class in the test only", arrays(x_test=ONES[:3], y_test=[0, 1, 2]), "test, row 2: 2", "into train"),
    row("lengths differ", arrays(y=np.arange(39) % 2), "40 examples", "39 labels"),
    row("no labels", arrays(y=None, rows=np.arange(40)), "'rows'", "x and y"),
    row("text as real target", arrays("--task", "regress", y=np.array(["a", "b"] * 20)), "'a'", "task = classify"),
    row("target too large", arrays(y=np.arange(40) * 1e300 + 0.5), "row 1: 1e+300", "larger unit"),
    row("two rows", arrays(x=ONES[:2], y=[0, 1]), "bad.npz", "at least 2 rows"),
    row("validation empty", arrays(x=ONES[:4], y=[0, 0, 1, 1]), "val 0", "data.validation=0.5"),
    row("test share of 1.5", options("--set", "data.test=1.5"), "data.test = 1.5", "less than 1"),
    row("test share of 15 %", options("--set", "data.test=15"), "data.test = 15", "less than 1"),
    row("no validation", options("--set", "data.validation=0"), "data.validation = 0", "greater than 0"),
    row("share as text", options("--set", "data.test=half"), "data.test = 'half'", "number"),
)

TABLES = (
    row("NaN", arrays(x=holed(np.nan, 3)), "train row 6, feature 2", "fill the holes"),
    row("infinity", arrays("--prepare", "none", x=holed(np.inf, 3)), "train row 6, feature 2", "fill the holes"),
    row("objects", arrays(x=np.array([[1, "a"]] * 40, dtype=object)), "'x'", "never unpickled", "numpy.savez"),
    row("text", arrays(x=np.array([["1", "a"]] * 40)), "'1'", "numbers"),
    row("complex numbers", arrays(x=np.ones((40, 2), complex)), "complex128", "numbers"),
    row("no rows", arrays(x=np.ones((0, 3)), y=np.ones(0)), "bad.npz", "at least one row"),
    row("no columns", arrays(x=np.ones((40, 0))), "(0,)", "reshape"),
    row("five axes", arrays(x=np.ones((40, 2, 2, 2, 2))), "(2, 2, 2, 2)", "reshape"),
    row("lying header", lying_header, "(100000000000,)", "8 are there"),
    row("zip bomb", zip_bomb, "'x'", "zip bomb"),
    row("cut archive", typed("fit", "bad.npz", make=lambda f: (arrays()(f), cut(f / "bad.npz"))), "bad.npz", "again"),
    row("empty file", typed("fit", "a.npz", make=lambda f: (f / "a.npz").touch()), "a.npz", "0 bytes"),
    row("CSV", typed("fit", "a.csv", make=lambda f: (f / "a.csv").write_text("a,b\n1,2\n")), "a.csv", "numpy.savez"),
    row("address", typed("fit", "http://127.0.0.1:9/x.npz"), "files only", "download it"),
    row("nothing there", typed("fit", "nowhere.npz"), "'nowhere.npz'", "give the path"),
    row("no data", typed("fit"), "no data was given", "netsitter fit digits"),
    row("empty folder", typed("fit", "a", make=lambda f: (f / "a").mkdir()), "empty", "sub-folders are the classes"),
    row("name without end", typed("fit", "x" * 5000), "there is no 'xxx"),
    row("home of nobody", typed("fit", "~nobody-of-that-name/x"), "~nobody-of-that-name"),
    row("terminal commands", typed("fit", "\x1b]0;owned\x07"), "\\x1b]0;owned\\x07"),
)

PICTURES = (
    row("zero bytes", pictures(lambda p: (p / "cat" / "1.png").write_bytes(b"")), "cat/1.png", "0 bytes", "remove"),
    row("cut short", pictures(lambda p: cut(write_image(p / "cat" / "x.jpg"), 0.6)), "cat/x.jpg", "cut short"),
    row("HTML", pictures(lambda p: (p / "cat" / "x.jpg").write_text("<html>")), "cat/x.jpg", "HTML"),
    row("TIFF", pictures(lambda p: Image.new("L", (6, 4)).save(p / "cat" / "x.png", "TIFF")), "cat/x.png", "TIFF"),
    row("16 bits among 8", pictures(lambda p: write_image(p / "cat" / "x.png", mode="I;16")), "cat/x.png", "8 bits"),
    row("other size", pictures(lambda p: write_image(p / "cat" / "x.png", (9, 9))), "cat/x.png", "9x9", "--resize 6x4"),
    row("bomb", pictures(lambda p: bomb(p / "cat" / "x.png")), "cat/x.png", "67,108,864 pixels", "remove"),
    row("empty class", pictures(lambda p: (p / "fox").mkdir()), "pets/fox", "without images"),
    row("nested class", pictures(lambda p: write_image(p / "cat" / "a" / "1.png")), "cat/a", "within a class folder"),
    row("link in a circle", pictures(circle), "pets/cat", "link"),
    row("pipe", pictures(lambda p: os.mkfifo(p / "cat" / "x.png")), "cat/x.png", "not a regular file"),
    row(
        "two faults", pictures(lambda p: [cut(p / "cat" / f"{i}.png", 0) for i in (1, 3)]), "2 faults", "1.png", "3.png"
    ),
    row(
        "one class folder",
        typed("fit", "pets", make=lambda f: image_folder(f / "pets", ("cat",))),
        "'cat'",
        "2 classes",
    ),
    row("no class folders", typed("fit", "a", make=lambda f: write_image(f / "a" / "1.png")), "1.png", "sub-folders"),
    row("no train folder", typed("fit", "a", make=lambda f: image_folder(f / "a" / "test")), "test", "train"),
    row("resize of nonsense", pictures(None, "--resize", "32"), "data.resize = '32'", "32x32"),
    row("too small for the net", pictures(None, "--net", "conv:4,4,4,4"), "4 stages", "4 x 6", "--net conv:4,4,4"),
    row("not what LeNet reads", pictures(None, "--net", "lenet"), "32 x 32", "(3, 4, 6)"),
    row("NaN pixel", arrays(x=holed(np.nan, 4, 4)), "train row 1", "channel 0, y 1, x 0", "fill the holes"),
    row("IDX cut short", idx(lambda f: cut(f / "train-images-idx3-ubyte")), "train-images-idx3-ubyte", "bytes"),
    row("IDX of text", idx(lambda f: (f / "t10k-images-idx3-ubyte").write_text("IDX")), "t10k-images-idx3-ubyte"),
    row("IDX without labels", idx(lambda f: (f / "train-labels-idx1-ubyte").unlink()), "train-labels"),
    row(
        "CIFAR-10 cut short",
        typed("fit", "cifar", make=lambda f: cut(cifar_binary(f / "cifar") / "data_batch_2.bin")),
        "data_batch_2.bin",
        "bytes",
    ),
    row("CIFAR-10 that runs code", typed("fit", "cifar", make=hostile_pickle), "data_batch_1", "os.system"),
)

RATES = (
    ("0", "greater than 0"),
    ("-0.1", "greater than 0"),
    ("inf", "finite"),
    ("nan", "finite"),
    ("1e300", "less than"),
    ("1e-3x", "number"),
    ("", "number"),
)

OTHER_WIDTH = "from torch import nn\ndef build(inputs, outputs): return nn.Linear(inputs + 1, outputs)"

MODEL = (
    *(row(f"rate of {lr or 'nothing'}", options("--lr", lr), f"optim.lr = '{lr}'", words) for lr, words in RATES),
    row("batch of 1 with batch norm", options("--net", "mlp:8", "--batch", "1"), "norm1", "--batch 32"),
    row("batch of 0", options("--batch", "0"), "loop.batch = '0'", "greater than or equal to 1"),
    row("batch of -1", options("--batch", "-1"), "loop.batch = '-1'", "greater than or equal to 1"),
    row("batch as text", options("--batch", "many"), "loop.batch = 'many'", "integer"),
    row("batch without end", options("--batch", "1000000000"), "loop.batch", "10000000"),
    row("layer of 0", options("--net", "mlp:0"), "sizes", "from 1"),
    row("layer of -5", options("--net", "mlp:-5"), "mlp:-5", "mlp:100,100"),
    row("larger than memory", options("--net", "mlp:1000000,1000000"), "GiB", "1000000, 1000000", "smaller net.sizes"),
    row("convolution of a table", options("--net", "conv"), "(6,)", "--net mlp"),
    row("unknown net", options("--net", "mpl:50"), "net.kind = 'mpl'", "'mlp'"),
    row("unknown activation", options("--act", "rleu"), "net.act = 'rleu'", "Did you mean 'relu'"),
    row("unknown start", options("--init", "hee"), "'hee'", "Did you mean 'he'"),
    row("unknown preparation", options("--prepare", "zac:0.9"), "'zac:0.9'", "zca"),
    row("preparation of nonsense", options("--prepare", "pca:1.5"), "pca:1.5", "share"),
    row("unknown optimiser", options("--optim", "adm"), "optim.kind = 'adm'", "'adam'"),
    row("unknown schedule", options("--schedule", "cos"), "optim.schedule = 'cos'", "'cosine'"),
    row("unknown loss", options("--set", "loop.loss=cross"), "loop.loss = 'cross'", "'cross_entropy'"),
    row("loss of another task", options("--set", "loop.loss=mse"), "loop.loss = mse", "cross_entropy"),
    row("loss that is not at hand", options("--set", "loop.loss=own"), "loop.loss = own", "loss=FUNCTION"),
    row("momentum of 1.5", options("--set", "optim.momentum=1.5"), "optim.momentum = 1.5", "less than 1"),
    row("decay of nan", options("--set", "optim.decay=nan"), "optim.decay = nan", "finite"),
    row("beta of 1", options("--set", "optim.beta2=1.0"), "optim.beta2 = 1.0", "less than 1"),
    row("dropout of 1.5", options("--dropout", "1.5"), "net.dropout = '1.5'", "less than 1"),
    row("dropout of 1", options("--dropout", "1.0"), "net.dropout = '1.0'", "less than 1"),
    row("clip of 0", options("--set", "optim.clip=0"), "optim.clip = 0", "greater than 0"),
    row("no epochs", options("--epochs", "0"), "loop.epochs = '0'", "greater than or equal to 1"),
    row("half an epoch", options("--epochs", "1.5"), "loop.epochs = '1.5'", "integer"),
    row("seed of -1", options("--seed", "-1"), "seed = '-1'", "greater than or equal to 0"),
    row("seed of 2**70", options("--seed", str(2**70)), "loop.seed", str(2**32 - 1)),
    row("no such device", options("--device", "cuda:7"), "cuda:7", "cpu", "--device cpu"),
    row(
        "three faults", options("--lr", "0", "--epochs", "0", "--dropout", "2"), "3 options", "optim.lr", "loop.epochs"
    ),
    row("own net missing", options("--net", "mine.py:build"), "'mine.py'", "--net FILE.py:NAME"),
    row("own net misspelt", options("--net", "mine.py:build", mine="def biuld(): ..."), "'build'", "'biuld'"),
    row("own net that cannot be run", options("--net", "mine.py", mine="1/0"), "ZeroDivisionError", "mine.py, line 1"),
    row("own net of another width", options("--net", "mine.py", mine=OTHER_WIDTH), "expects 7", "gets 6"),
)

SLIPS = '[optim]\nlearning_rate = 1\nlr = "fast"\n[loop]\nepoch = 3\n'

PLANS_AND_FOLDERS = (
    row("plan missing", options("--plan", "nowhere.toml"), "nowhere.toml", "No such file", "netsitter init"),
    row("plan is no TOML", plan("lr: 1e-3\n"), "plan.toml", "TOML", "line 1"),
    row("plan is no UTF-8", plan(b'[net]\nact = "caf\xe9"\n'), "plan.toml", "TOML"),
    row("plan without end", plan("#" * 1_000_001), "plan.toml", "1,000,000"),
    row("plan nested without end", plan("[" * 100_000, "plan.json"), "plan.json", "JSON"),
    row("plan is a list", plan("[1]", "plan.json"), "plan.json", "list"),
    row("plan with slips", plan(SLIPS), "optim.learning_rate", "'loop.epochs'", "optim.lr = 'fast'", "3 options"),
    row("plan is a folder", options("--plan", "."), "directory", "netsitter init"),
    row("set without value", options("--set", "optim.lr"), "'optim.lr'", "--set optim.lr=1e-3"),
    row("set of a section", options("--set", "data=adam"), "'data'", "task"),
    row("runs is a file", options("--runs", "good.npz"), "good.npz", "--runs FOLDER"),
    row("runs too deep", options("--runs", "a/b/c"), "a/b/c", "parent"),
    row("runs in no folder", options("--runs", "good.npz/runs"), "good.npz/runs", "--runs FOLDER"),
    row("severity misspelt", options("--fail-on", "warnings"), "Did you mean 'warning'", "never"),
    row("unknown option", options("--epoch", "3"), "--epoch", "'--epochs'", "netsitter fit --help"),
    row("unknown command", typed("train", "digits"), "'train'", "netsitter --help"),
    row("option without value", typed("fit", "digits", "--lr"), "--lr", "argument"),
    row("predict without data", typed("predict", "runs/x"), "data", "netsitter predict --help"),
    row("resume of no run", typed("resume", "."), "holds no run", "journal.jsonl"),
    row("resume of a file", typed("resume", "a.npz", make=lambda f: archive(f / "a.npz")), "a.npz", "holds no run"),
    row("predict of no run", typed("predict", ".", "a.npz", make=lambda f: archive(f / "a.npz")), "journal.jsonl"),
    row("journal of text", typed("resume", ".", make=lambda f: (f / "journal.jsonl").write_text("hello")), "plan.toml"),
    row("init into no folder", typed("init", "a/b.toml"), "no folder", "make it"),
    row("summary of no shape", typed("summary", "--input", "big"), "'big'", "--input 32x32x3"),
)

REFUSED = (*LABELS, *TABLES, *PICTURES, *MODEL, *PLANS_AND_FOLDERS)
