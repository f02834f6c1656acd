"""unmask: is this a face in front of the sensors, or an attack on them?"""

__version__ = "0.1.0"
