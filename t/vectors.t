#!/bin/sh
# SPDX-License-Identifier: MIT
# t/vectors.t - t/vectors.t DIR: the recorded lines and values of another directory, in our formats
dir=${1:?usage: t/vectors.t DIR}
build=${TN_BUILDDIR:-build}
n=0
bad=0
for t in 17-lib-vectors 19-lib-chain-hashes 19-lib-chain-keys; do
	n=$((n + 1))
	said=$("$build/t/$t.t" "$dir" 2>&1)
	rc=$?
	echo "$said" | sed 's/^/# /'
	[ $rc -eq 0 ] || bad=1
	[ $rc -eq 0 ] && echo "ok $n - $t" || echo "not ok $n - $t"
done
echo "1..$n"
exit $bad
