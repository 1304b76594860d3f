#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/00-arrows.t - includes go one way, files stay small, the core knows no chain
use strict;
use warnings;
use Test::More;
use File::Basename qw(dirname);
use File::Path qw(make_path);
use File::Temp qw(tempdir);

my $src = $ENV{TN_SRCDIR} // dirname(__FILE__) . '/..';
my $check = "$src/script/check-arrows";

sub check {
	my ($tree) = @_;
	my $said = `'$check' '$tree' 2>&1`;
	return ($? >> 8, $said);
}

# A tree of one good file per room, with one file more or replaced.
sub planted {
	my ($path, $text) = @_;
	my $tree = tempdir(CLEANUP => 1);
	my %file = (
		'include/timenode/base.h' => "int x;\n",
		'lib/wire/cut.c'          => "#include \"timenode/base.h\"\n#include \"lib/base/checked.h\"\n",
		'core/net/table.c'        => "#include \"net/table.h\"\n#include \"store/store.h\"\n/* blocks the loop, rx and tx */\n",
		'core/node.h'             => "#include \"env/env.h\"\n",
		'core/node.c'             => "#include \"node.h\"\n#include \"ctl/server.h\"\n#include <sys/types.h>\n",
		'core/env/event.c'        => "#include <event2/event.h>\n#include \"env/env.h\"\n",
		'plugins/a/a.c'           => "#include \"timenode/host.h\"\n#include \"book.h\"\n#include <string.h>\n",
		'cli/main.c'              => "#include \"timenode/base.h\"\n#include <unistd.h>\n",
		't/22-core-x.c'           => "#include \"net/table.h\"\n#include \"lib/tap.h\"\n",
		$path                     => $text,
	);
	for my $f (keys %file) {
		make_path(dirname("$tree/$f"));
		open my $out, '>', "$tree/$f" or die "$f: $!";
		print $out $file{$f};
		close $out;
	}
	return $tree;
}

my ($rc, $said) = check($src);
is($rc, 0, 'this tree') or diag($said);

($rc, $said) = check(planted('lib/base/hex.c', "int y;\n"));
is($rc, 0, 'a good small tree') or diag($said);

my @faults = (
	['core/base/log.c',      "#include \"env/env.h\"\n",              'base looks up'],
	['core/net/x.c',         "#include \"bus/gate.h\"\n",             'net looks up to bus'],
	['core/store/x.c',       "#include \"conf/conf.h\"\n",            'store looks at conf'],
	['core/plug/x.c',        "#include \"ctl/server.h\"\n",           'plug looks up to ctl'],
	['core/bus/x.c',         "#include \"node.h\"\n",                 'bus includes the node'],
	['core/net/y.c',         "#include \"core/plug/load.h\"\n",       'net to plug by its long name'],
	['core/net/z.c',         "#include \"../plug/load.h\"\n",         'a path through ..'],
	['lib/base/x.c',         "#include \"lib/wire/cut.h\"\n",         'lib/base looks up'],
	['lib/wire/x.c',         "#include \"net/table.h\"\n",            'lib looks at the core'],
	['include/timenode/x.h', "#include \"lib/base/hex.h\"\n",         'a public header shows the inside'],
	['plugins/a/x.c',        "#include \"net/table.h\"\n",            'a plugin looks into the core'],
	['plugins/a/y.c',        "#include \"plugins/b/b.h\"\n",          'a plugin looks at another'],
	['plugins/a/z.c',        "#include <unistd.h>\n",                 'a plugin calls the system'],
	['t/plugins/bad.c',      "#include \"bus/gate.h\"\n",             'a fixture plugin looks into the core'],
	['cli/x.c',              "#include \"net/table.h\"\n",            'the CLI looks into the core'],
	['core/net/w.c',         "#include <event2/event.h>\n",           'libevent outside env'],
	['core/bus/w.c',         "#include <lmdb.h>\n",                   'LMDB outside its file'],
	['core/net/v.c',         "#include <sys/socket.h>\n",             'sockets outside env'],
	['core/bus/v.c',         "int mempool_size;\n",                   'a word of the chain'],
	['core/bus/u.c',         "f(\"BlockProposal\");\n",               'a name of a block message'],
	['core/bus/t.c',         "int last_tx;\n",                        'a transaction'],
	['lib/wire/long.c',      "\n" x 601,                              'a file of 601 lines'],
	['t/79-long.t',          "\n" x 601,                              'a test of 601 lines'],
);
for my $f (@faults) {
	my ($path, $text, $what) = @$f;
	($rc, $said) = check(planted($path, $text));
	ok($rc == 1 && $said =~ /^\Q$path\E:\d+: /m, "found: $what") or diag("exit $rc: $said");
}
($rc) = check(planted('lib/wire/long.c', "\n" x 600));
is($rc, 0, '600 lines are allowed');

# No writable data in what a process holds once but a hundred nodes share: objects of the
# core and plugins have no .data or .bss (constant tables with addresses are .data.rel.ro).
sub writable {
	my @found;
	for my $file (@_) {
		my $member = '';
		for (`size -A '$file' 2>/dev/null`) {
			$member = $1 if /^(\S+)\s+(?:\(ex |:)/;
			push @found, "$member $1 $2" if /^(\.t?data|\.t?bss|\.(?:t?data|t?bss)\.(?!rel\.ro)\S+)\s+([1-9]\d*)\s/;
		}
	}
	return @found;
}

SKIP: {
	my $build = $ENV{TN_BUILDDIR};
	skip 'no build tree', 6 unless $build && -f "$build/libtncore.a";
	skip 'sanitizers add data of their own', 6 if $ENV{TN_SANITIZED};
	is_deeply([writable("$build/libtncore.a", glob("$build/plugins/*/.libs/*.o"))], [], 'no writable static data');
	# A signal handler gets no argument: the process has one pointer for it, and nothing else.
	my @daemon = grep { !/-crash\.o$/ } glob("$build/core/timenoded-*.o");
	cmp_ok(scalar(@daemon), '>=', 3, 'objects of the daemon');
	is_deeply([writable(@daemon)], [], 'none in the daemon around it');
	my $crash = "$build/core/timenoded-crash.o";
	is(join(' ', map { /(\.\S+ \d+)$/ } writable($crash)), '.bss 8', 'one pointer where a crash is told');
	is_deeply([map { / [bBcC] (\S+)/ ? $1 : () } `nm '$crash'`], ['the_process'], 'the one that has leave to be');
	my $dir = tempdir(CLEANUP => 1);
	open my $out, '>', "$dir/x.c" or die $!;
	print $out "int f(void);\nint f(void)\n{\n\tstatic int n;\n\treturn n++;\n}\n";
	close $out;
	my $cc = $ENV{TN_CC} // 'cc';
	system("$cc -c -o '$dir/x.o' '$dir/x.c'") == 0 or diag('cannot compile');
	is(scalar(() = writable("$dir/x.o")), 1, 'found: a hidden static');
}
done_testing();
