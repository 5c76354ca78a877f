import csv
import json
import math
import random
import statistics
from collections import defaultdict

import numpy as np
import pytest
import torch
from scipy import stats

from pap_core.data.build import MANIFEST
from pap_core.data.dataset import load
from pap_core.errors import InputError
from pap_core.evaluation import evaluate as evaluation
from pap_core.evaluation.evaluate import BOTH, evaluate, report, summarise
from pap_core.evaluation.intervals import interval
from pap_core.evaluation.metrics import METRICS
from pap_core.images import write_png
from pap_core.inference.segmenter import Segmenter
from pap_core.labels import IGNORE, NUCLEUS, PROTOCOLS, decode
from pap_core.model import catalogue, checkpoint
from pap_core.model.generator import Generator
from pap_core.settings.networks import GeneratorConfig

SIZE = 32
CROPS = 19  # more than one batch
CLASS_NAMES = ("nucleus", "cytoplasm", BOTH)
CATEGORIES = ("Parabasal", "Dyskeratotic", "Metaplastic")
WITHOUT_NUCLEUS = ("c03", "c11")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Nineteen test crops of seven slides, three categories, and two training crops."""
    folder = tmp_path_factory.mktemp("data") / "squares"
    pixels = np.random.default_rng(0)
    rows = []
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
    for number in range(CROPS + 2):
        name = f"c{number:02}"
        write_png(folder / "images" / f"{name}.png", pixels.integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8))
        label = np.zeros((SIZE, SIZE), dtype=np.uint8)
        label[4:28, 3 : 20 + number % 9] = 1
        if name not in WITHOUT_NUCLEUS:
            label[10 : 16 + number % 5, 8:16] = NUCLEUS
        label[30:, :number] = IGNORE
        write_png(folder / "labels" / f"{name}.png", label)
        rows.append(
            dict.fromkeys(MANIFEST, 0)
            | {"right": SIZE, "bottom": SIZE, "likeness": ""}
            | {"id": name, "category": CATEGORIES[number % 3], "group": f"0{number % 7}"}
            | {"split": "test" if number < CROPS else "train"}
        )
    with open(folder / "manifest.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, MANIFEST)
        writer.writeheader()
        writer.writerows(rows)
    described = {"format": 1, "source": "phantom", "split": "grouped", "seed": 5, "digest": "d1"}
    (folder / "dataset.json").write_text(json.dumps(described))
    return folder


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints") / "untrained"
    config = GeneratorConfig(levels=3, width=4, kernel=4)
    torch.manual_seed(0)
    generator = Generator(config)
    with torch.no_grad():
        generator.last[1].weight *= 20  # saturated colours, so that every protocol finds something
    checkpoint.write_config(folder, config, {})
    checkpoint.write_weights(folder, generator)
    return Segmenter(checkpoint.read(folder), "cpu")


@pytest.fixture(scope="module")
def evaluated(dataset, untrained, tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "deep" / "evaluation"
    return out, evaluate(untrained, dataset, out)


@pytest.fixture(scope="module")
def rows(evaluated):
    with open(evaluated[0] / "per_image.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_one_row_by_crop_protocol_and_class(rows):
    keys = [(row["id"], row["protocol"], row["class"]) for row in rows]
    assert keys == [
        (f"c{number:02}", protocol, name)
        for number in range(CROPS)
        for protocol in PROTOCOLS
        for name in CLASS_NAMES
    ]
    assert {(row["id"], row["category"], row["group"]) for row in rows} == {
        (f"c{number:02}", CATEGORIES[number % 3], f"0{number % 7}") for number in range(CROPS)
    }
    known = {f"c{number:02}": SIZE * SIZE - 2 * number for number in range(CROPS)}
    for row in rows:
        counted = sum(int(row[part]) for part in ("tp", "fp", "fn", "tn"))
        assert counted == known[row["id"]] * (2 if row["class"] == BOTH else 1)
        number = int(row["id"][1:])
        expected = 0 if row["id"] in WITHOUT_NUCLEUS else (6 + number % 5) * 8
        assert int(row["nucleus_area"]) == expected


def test_rows_count_the_checkpoint_s_own_map_of_that_crop(rows, dataset, untrained):
    crops = load([dataset], "test")
    found = {row["id"]: row for row in rows if (row["protocol"], row["class"]) == ("strict", "nucleus")}
    for number, name in enumerate(crops.table["id"]):
        with torch.no_grad():
            drawn = untrained.generator.generate(crops.images[number : number + 1].float() / 127.5 - 1)[0]
        nucleus = decode(((drawn + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()) == NUCLEUS
        label = crops.labels[number].numpy()
        # another size of batch may round a pixel or two to another colour
        assert int(found[name]["tp"]) == pytest.approx((nucleus & (label == NUCLEUS)).sum(), abs=2)
        wrong = nucleus & (label != NUCLEUS) & (label != IGNORE)
        assert int(found[name]["fp"]) == pytest.approx(wrong.sum(), abs=2)


def test_protocols_differ_and_both_adds_the_two_classes(rows):
    counts = {
        (row["id"], row["protocol"], row["class"]): [int(row[part]) for part in ("tp", "fp", "fn", "tn")]
        for row in rows
    }
    for name in ("nucleus", "cytoplasm"):
        assert len({tuple(counts["c00", protocol, name]) for protocol in PROTOCOLS}) == 3
    for number in range(CROPS):
        for protocol in PROTOCOLS:
            parts = (counts[f"c{number:02}", protocol, name] for name in ("nucleus", "cytoplasm"))
            assert counts[f"c{number:02}", protocol, BOTH] == [a + b for a, b in zip(*parts, strict=True)]


def test_every_metric_follows_from_the_counts_in_its_row(rows):
    for row in rows:
        tp, fp, fn, tn = (int(row[part]) for part in ("tp", "fp", "fn", "tn"))
        fractions = {
            "accuracy": (tp + tn, tp + fp + fn + tn),
            "precision": (tp, tp + fp),
            "sensitivity": (tp, tp + fn),
            "specificity": (tn, tn + fp),
            "jaccard": (tp, tp + fp + fn),
            "dice": (2 * tp, 2 * tp + fp + fn),
        }
        for metric, (above, below) in fractions.items():
            if below == 0:
                assert row[metric] == ""
            else:
                assert float(row[metric]) == pytest.approx(above / below, abs=1e-12)


def test_every_mean_and_deviation_follows_from_the_rows(rows, evaluated):
    values = defaultdict(list)
    for row in rows:
        for metric in METRICS:
            for part in (None, row["category"]):
                values[part, row["protocol"], row["class"], metric].append(row[metric])
    summary = json.loads((evaluated[0] / "summary.json").read_text())
    assert set(summary["categories"]) == set(CATEGORIES)
    seen = 0
    for (category, protocol, name, metric), texts in values.items():
        part = summary if category is None else summary["categories"][category]
        figures = part["protocols"][protocol][name][metric]
        defined = [float(text) for text in texts if text]
        assert figures["undefined"] == len(texts) - len(defined)
        if defined:
            assert figures["mean"] == pytest.approx(statistics.fmean(defined), abs=1e-12)
        else:
            assert figures["mean"] is None
        if len(defined) > 1:
            assert figures["sd"] == pytest.approx(statistics.stdev(defined), abs=1e-12)
            assert figures["low"] <= figures["mean"] <= figures["high"]
        else:
            assert figures["sd"] is None
        seen += 1
    assert seen == (1 + len(CATEGORIES)) * len(PROTOCOLS) * len(CLASS_NAMES) * len(METRICS)


def test_undefined_scores_are_excluded_and_counted(evaluated):
    figures = evaluated[1]["protocols"]["strict"]["nucleus"]["sensitivity"]
    assert figures["undefined"] == len(WITHOUT_NUCLEUS)
    assert figures["mean"] > 0.01


def test_summary_says_what_was_measured(evaluated, dataset, untrained):
    out, summary = evaluated
    assert summary["checkpoint"] == {"folder": "untrained", "digest": untrained.checkpoint.digest}
    assert summary["dataset"] == {
        "folder": "squares",
        "source": "phantom",
        "digest": "d1",
        "split": "grouped",
        "seed": 5,
        "side": "test",
    }
    assert (summary["crops"], summary["groups"]) == (CROPS, 7)
    assert {name: part["crops"] for name, part in summary["categories"].items()} == dict(
        zip(CATEGORIES, (7, 6, 6), strict=True)
    )
    assert json.loads((out / "summary.json").read_text()) == summary


def test_evaluating_twice_gives_the_same_bytes_and_reports_progress(evaluated, dataset, untrained, tmp_path):
    calls = []
    evaluate(untrained, dataset, tmp_path, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(16, CROPS), (CROPS, CROPS)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["nuclei.csv", "per_image.csv", "summary.json"]
    for name in ("nuclei.csv", "per_image.csv", "summary.json"):
        assert (tmp_path / name).read_bytes() == (evaluated[0] / name).read_bytes()


def test_the_training_side_can_be_measured(dataset, untrained, tmp_path):
    summary = evaluate(untrained, dataset, tmp_path, split="train")
    assert (summary["crops"], summary["dataset"]["side"]) == (2, "train")


def test_one_slide_or_one_image_has_no_interval_and_valid_json(dataset, untrained, tmp_path):
    crops = load([dataset], "test")
    table, nuclei = evaluation.measure(untrained, crops.subset((crops.table["id"] == "c00").to_numpy()))
    figures = summarise(table, nuclei)["protocols"]["strict"]["nucleus"]["jaccard"]
    assert figures["mean"] is not None
    assert (figures["sd"], figures["low"], figures["high"]) == (None, None, None)


def test_report_of_each_protocol(evaluated):
    summary = evaluated[1]
    for protocol in PROTOCOLS:
        text = report(summary, protocol)
        assert text.splitlines()[0].startswith(f"Protocol {protocol}:")
        # the closing remark names channel-200; no table does
        tables = text.partition("Published:")[0]
        assert not [other for other in PROTOCOLS if other != protocol and other in tables]
        for figure in ("80.89 ± 15.89", "96.71 ± 3.33", "67.03 ± 12.01", "SIPaKMeD", "not comparable"):
            assert figure in text
        for name in CLASS_NAMES:
            for metric in METRICS:
                mean = summary["protocols"][protocol][name][metric]["mean"]
                assert mean is None or f"{100 * mean:.2f} ± " in text
        for category in CATEGORIES:
            jaccard = summary["categories"][category]["protocols"][protocol]["cytoplasm"]["jaccard"]
            assert f"{100 * jaccard['mean']:.2f} (n " in text


def test_report_prints_nothing_for_a_figure_that_does_not_exist(evaluated):
    summary = json.loads(json.dumps(evaluated[1]))
    nothing = {"mean": None, "sd": None, "low": None, "high": None, "undefined": CROPS}
    summary["protocols"]["strict"]["nucleus"]["precision"] = nothing
    assert f"– ± – [–, –] ({CROPS} undefined)" in report(summary, "strict")


def test_interval_by_slide_is_wider_where_images_of_a_slide_are_alike():
    values = np.repeat([0.5, 0.9, 0.6, 0.8, 0.7, 0.75], 10)
    low, high = interval(values, np.repeat(list("abcdef"), 10))
    narrow_low, narrow_high = interval(values, [str(number) for number in range(60)])
    assert high - low > 2 * (narrow_high - narrow_low)
    assert low < narrow_low < values.mean() < narrow_high < high


def test_interval_is_the_same_each_time_and_another_with_another_seed():
    values, groups = np.linspace(0, 1, 40) ** 2, [f"s{number // 3}" for number in range(40)]
    assert interval(values, groups) == interval(values, groups)
    assert interval(values, groups) != interval(values, groups, seed=1)
    order = np.random.default_rng(0).permutation(40)
    shuffled = interval(values[order], np.array(groups)[order])
    assert shuffled == pytest.approx(interval(values, groups), abs=1e-12)


def test_interval_agrees_with_scipy_when_every_image_is_its_own_slide():
    values = np.random.default_rng(3).beta(8, 2, 50)
    expected = stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    found = interval(values, [str(number) for number in range(50)], resamples=20_000)
    assert found == pytest.approx(expected, abs=0.1 * (expected[1] - expected[0]))


def test_interval_agrees_with_a_plain_loop_over_unequal_slides():
    slides = {"a": [0.9, 0.8, 0.95, 0.9, 0.85], "b": [0.2], "c": [0.6, 0.5], "d": [0.7, 0.75, 0.8]}
    draw = random.Random(0)
    means = []
    for _ in range(20_000):
        drawn = [value for name in draw.choices(list(slides), k=len(slides)) for value in slides[name]]
        means.append(statistics.fmean(drawn))
    cuts = statistics.quantiles(means, n=40)
    values = [value for one in slides.values() for value in one]
    groups = [name for name, one in slides.items() for _ in one]
    assert interval(values, groups, resamples=20_000) == pytest.approx((cuts[0], cuts[-1]), abs=0.02)


def test_interval_leaves_undefined_values_out():
    values, groups = [0.1, 0.4, 0.9, 0.3], ["a", "b", "b", "c"]
    assert interval([*values, math.nan, math.nan], [*groups, "a", "d"]) == interval(values, groups)
    assert all(math.isnan(end) for end in interval([0.1, 0.2, math.nan], ["a", "a", "b"]))
    assert all(math.isnan(end) for end in interval([math.nan], ["a"]))


def test_a_missing_data_set_is_named(untrained, tmp_path):
    with pytest.raises(InputError, match=r"nowhere.*no dataset\.json"):
        evaluate(untrained, tmp_path / "nowhere", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_missing_checkpoint_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nothing-here.*no checkpoint"):
        checkpoint.read(catalogue.resolve(tmp_path / "nothing-here"))


def test_a_side_without_crops_is_named(dataset, untrained, tmp_path):
    with pytest.raises(InputError, match=r"squares.*no crop on the validation side"):
        evaluate(untrained, dataset, tmp_path, split="validation")


def test_an_output_that_is_a_file_is_named_before_the_work(dataset, untrained, tmp_path):
    (tmp_path / "taken").write_text("mine")
    calls = []
    with pytest.raises(InputError, match="taken: could not be written"):
        evaluate(untrained, dataset, tmp_path / "taken", progress=lambda *args: calls.append(args))
    assert not calls
    assert (tmp_path / "taken").read_text() == "mine"
