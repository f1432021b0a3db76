# Checks ONNX files, which the command line names, by the ONNX project's own checker, which also infers all shapes and
# compares them with those that the files say. Prints a line for each file that fails.

import sys

import onnx

failed = False
for path in sys.argv[1:]:
    try:
        onnx.checker.check_model(path, full_check=True)
    except Exception as error:
        failed = True
        print(f"{path}: {error}")
sys.exit(failed)
