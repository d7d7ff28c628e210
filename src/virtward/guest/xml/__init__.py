"""The parts of a libvirt domain, each with what it says in options and how options change it.

Rule: a part reads facts off elements and leaves out what is upstream's default; it writes only where one of its
options changes, and then only the attributes and elements that the options stand for.
"""
