"""What looks closer than COCO's statistics: taken from a report, a tally or matched images."""

from boxgauge.engine.analysis.averages import Average, Averages
from boxgauge.engine.analysis.score_curve import ScoreCurve, ScorePoint
from boxgauge.engine.analysis.score_curves import ScoreCurves, score_curves

__all__ = ["Average", "Averages", "ScoreCurve", "ScoreCurves", "ScorePoint", "score_curves"]
