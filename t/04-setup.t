#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/04-setup.t - script/setup: silent when nothing is missing, installs only what is, tries an
# update twice, and says clearly when it may not. The system's commands are stand-ins.
use strict;
use warnings;
use Test::More;
use File::Temp qw(tempdir);

my $src   = $ENV{TN_SRCDIR} // '.';
my $setup = "$src/script/setup";

sub write_file {
	my ($path, $text) = @_;
	open my $out, '>', $path or die "$path: $!";
	print $out $text;
	close $out;
	chmod 0755, $path;
}

sub slurp {
	open my $in, '<', $_[0] or return '';
	local $/;
	return scalar(<$in>) // '';
}

# A world: who we are, what is missing, how often an update fails, whether sudo works.
sub world {
	my (%w) = @_;
	my $dir = tempdir(CLEANUP => 1);
	write_file("$dir/id", "#!/bin/sh\necho " . ($w{uid} // 0) . "\n");
	write_file("$dir/sleep", "#!/bin/sh\n");
	write_file("$dir/dpkg-query", qq(#!/bin/sh\nfor p in $w{missing} -; do eval last=\\\${\$#}\n)
		. qq([ "\$p" = "\$last" ] && { echo "no \$p" >&2; exit 1; }; done\necho "install ok installed"\n));
	write_file("$dir/apt-get", qq(#!/bin/sh\necho "\$*" >>'$dir/calls'\n)
		. qq([ "\$1" = update ] || { echo noise; exit 0; }\n)
		. qq(n=\$(grep -c update '$dir/calls'); [ "\$n" -gt ) . ($w{fails} // 0)
		. qq( ] || { echo "no network" >&2; exit 100; }\n));
	write_file("$dir/sudo", "#!/bin/sh\n" . ($w{sudo} ? "shift\nexec \"\$@\"\n" : "exit 1\n"));
	my $rc = system("PATH='$dir':/usr/bin:/bin '$setup' >'$dir/out' 2>'$dir/err' </dev/null") >> 8;
	return ($rc, slurp("$dir/calls"), slurp("$dir/out"), slurp("$dir/err"));
}

my ($rc, $calls, $out, $err) = world(missing => '');
is_deeply([$rc, $calls, $out, $err], [0, '', '', ''], 'nothing missing: nothing done, nothing said');

($rc, $calls, $out, $err) = world(missing => 'valgrind liblmdb-dev');
is($rc, 0, 'two missing');
is($calls, "update\ninstall -y --no-install-recommends liblmdb-dev valgrind\n", 'exactly these are installed');
is($out, '', 'quiet');
is($err, "script/setup: installing liblmdb-dev valgrind \n", 'one line');

($rc, $calls, $out, $err) = world(missing => 'valgrind', fails => 1);
is($rc, 0, 'an update that fails once');
is($calls, "update\nupdate\ninstall -y --no-install-recommends valgrind\n", 'is tried again');
like($err, qr/no network.*trying once more/s, 'with what it said');

($rc, $calls, $out, $err) = world(missing => 'valgrind', fails => 9);
is($rc, 1, 'an update that goes on failing ends it');
is($calls, "update\nupdate\n", 'after the second');
like($err, qr/apt-get update failed twice/, 'and says so');

($rc, $calls, $out, $err) = world(missing => 'valgrind', uid => 1000, sudo => 1);
is($rc, 0, 'not root, but sudo');
like($calls, qr/^install .* valgrind$/m, 'installs');

($rc, $calls, $out, $err) = world(missing => 'valgrind', uid => 1000);
is($rc, 1, 'neither root nor sudo');
is($calls, '', 'nothing is tried');
like($err, qr/neither root nor sudo.*apt-get install valgrind/s, 'and the command to run is named');
done_testing();
