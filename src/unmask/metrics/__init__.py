"""The numbers of ISO/IEC 30107-3 and of the papers, from scores alone."""
