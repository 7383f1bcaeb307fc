"""The ML Test Score of Breck et al. (2017), from artefacts alone."""
