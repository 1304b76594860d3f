#!/bin/sh
# SPDX-License-Identifier: MIT
# t/vectors.t - t/vectors.t DIR: the recorded lines of another directory, in our formats
dir=${1:?usage: t/vectors.t DIR}
build=${TN_BUILDDIR:-build}
exec "$build/t/17-lib-vectors.t" "$dir"
