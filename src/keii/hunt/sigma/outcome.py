"""What became of every rule: the form that a hunt by rules is handed over in (the nouns of ``model/rule.py``)."""

from keii.model.rule import Episode, HostSeen, LogSearched, RuleOutcome, RulesHunted, RuleStatus

__all__ = ["Episode", "HostSeen", "LogSearched", "RuleOutcome", "RuleStatus", "RulesHunted"]
