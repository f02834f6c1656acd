"""From sensor frames to a face crop: decoding, detection, one joint crop, quality with reasons."""
