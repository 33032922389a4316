"""A small taxonomy and a model trained on invented sentences, so that tests of the room need nothing else."""

import json
from pathlib import Path

import pytest

from nlp.classifier import Classifier
from nlp.train import train
from taxonomy.load import Taxonomy, load_taxonomy

_SUBJECTS = {
    "quantum_technology": [
        "superconducting qubit",
        "quantum error correction",
        "trapped ion",
        "quantum key distribution",
    ],
    "controlled_nuclear_fusion": ["tokamak", "stellarator", "divertor", "inertial confinement fusion"],
    "brain_computer_interface": ["brain-computer interface", "motor imagery", "neural decoding", "P300 speller"],
}
_OTHER = ["sediment", "galaxy", "tax law", "medieval poetry", "traffic", "soil", "whale song", "glacier"]
_FRAMES = [
    ("A study of {0} under noise", "We measure {0} and improve its control. The method lowers errors."),
    ("{0}: design and test", "A new design of {0} is built, and its performance is compared with theory."),
    ("Towards better {0}", "This work presents {0} with a model, experiments and open problems."),
    ("On the limits of {0}", "Limits of {0} are derived and checked in simulation."),
]


@pytest.fixture(scope="session")
def taxonomy() -> Taxonomy:
    """The shipped areas."""
    return load_taxonomy()


@pytest.fixture(scope="session")
def labels_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Invented titles about three areas and about none."""
    path = tmp_path_factory.mktemp("labels") / "train.jsonl"
    subjects = [(subject, [area]) for area, found in _SUBJECTS.items() for subject in found]
    rows = [
        {
            "id": f"made:{number}",
            "title": title.format(subject),
            "abstract": abstract.format(subject),
            "areas": areas,
            "codes": ["quant-ph"] if areas == ["quantum_technology"] else [],
        }
        for number, (subject, areas, title, abstract) in enumerate(
            (subject, areas, title, abstract)
            for subject, areas in [*subjects, *((other, []) for other in _OTHER)]
            for title, abstract in _FRAMES
        )
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def model_dir(labels_file: Path, taxonomy: Taxonomy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model trained on the invented labels."""
    folder = tmp_path_factory.mktemp("model")
    train(labels_file, taxonomy, folder)
    return folder


@pytest.fixture(scope="session")
def classifier(model_dir: Path, taxonomy: Taxonomy) -> Classifier:
    return Classifier.load(model_dir, taxonomy)
