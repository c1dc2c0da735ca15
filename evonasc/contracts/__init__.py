"""What plug-ins promise, rule by rule; see :mod:`evonasc.contracts.checking`."""
