#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/03-dist.t - a source archive carries every file of the repository
use strict;
use warnings;
use Test::More;
use File::Temp qw(tempdir);

my $src   = $ENV{TN_SRCDIR}   // '.';
my $build = $ENV{TN_BUILDDIR} // '.';
plan skip_all => 'not a clone' unless -e "$src/.git" && `git -C '$src' rev-parse HEAD 2>/dev/null`;
plan skip_all => 'no build tree' unless -f "$build/Makefile";

my $dir = tempdir(CLEANUP => 1);
delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL)};
my $said = `make --no-print-directory -s -C '$build' distdir distdir='$dir/x' 2>&1`;
is($? >> 8, 0, 'make distdir') or diag($said);

my @kept = grep { -e "$src/$_" && $_ !~ /^\.git/ } split /\n/, `git -C '$src' ls-files`;
cmp_ok(scalar(@kept), '>', 30, 'files of the repository');
my @missing = grep { !-e "$dir/x/$_" } @kept;
is_deeply(\@missing, [], 'all of them are in the archive');
done_testing();
