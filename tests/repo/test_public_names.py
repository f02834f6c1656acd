"""A public name does not vanish unnoticed."""

import unmask

PUBLIC = {
    *("demo", "evaluate", "evidence", "load", "predict", "pretrain", "report", "show", "simulate"),
    *("train", "DemoConfig", "EvaluateConfig", "EvidenceConfig", "PredictConfig", "PretrainConfig"),
    *("ReportConfig", "SeparabilityConfig", "ShowConfig", "SimulateConfig", "TrainConfig"),
    *("compare", "CompareConfig", "plan", "PlanConfig", "calibrate", "CalibrateConfig"),
    *("reproduce", "ReproduceConfig"),
    *("manifest", "ManifestConfig"),
    *("stress", "StressConfig", "decide", "DecideConfig"),
    *("separability", "prepare", "PrepareConfig", "doctor", "DoctorConfig"),
}


def test_the_public_names_are_these_and_exist() -> None:
    assert set(unmask.__all__) == PUBLIC
    assert all(callable(getattr(unmask, name)) for name in PUBLIC)


def test_no_part_of_the_package_hides_a_verb() -> None:
    """A subpackage called like a verb would replace the function once it is imported."""
    import pkgutil

    assert not {info.name for info in pkgutil.iter_modules(unmask.__path__)} & PUBLIC
