"""Files on disk do not give the label away by their size, name, place or time of writing."""

import re

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from unmask.config import SimulateConfig
from unmask.datasets.manifest import index
from unmask.sim.generate import generate
from unmask.types import Label, Modality


@pytest.mark.slow
def test_sizes_and_names_of_files_do_not_tell_the_label(tmp_path) -> None:
    made = generate(SimulateConfig(out=tmp_path / "sim", per_site=400, image_size=64, seed=9))
    samples = index(made)
    x = np.array(
        [
            [samples[k].paths[m].stat().st_size for m in list(Modality)[:3]]
            + [int(c, 16) for c in re.findall(r"-([0-9a-f]{12})", samples[k].key)[0]]
            + [k, float(samples[k].attributes["distance_mm"]), float(samples[k].attributes["yaw"])]
            for k in range(len(samples))
        ],
        float,
    )
    y = np.array([s.label is Label.BONA_FIDE for s in samples])
    sites = np.array([s.site for s in samples])
    order = np.random.default_rng(0).permutation(len(samples))
    found = []
    for site in "ABCD":  # within a site: between sites, sizes differ as cameras do
        here = order[sites[order] == site]
        half = len(here) // 2
        values = StandardScaler().fit_transform(x[here])
        model = LogisticRegression(C=0.1).fit(values[:half], y[here][:half])
        found.append(roc_auc_score(y[here][half:], model.decision_function(values[half:])))
    assert np.mean(found) <= 0.55, found
