#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/92-doc.t - the documents against the program: log lines, reasons, options, commands, rows,
# keys and ranges, the map of the tree, links, and the code of the plugin guide
use v5.36;
use Test::More;
use FindBin;
use lib "$FindBin::Bin/lib";

use File::Find qw(find);
use File::Temp qw(tempdir);
use NodeTest qw(slurp write_file run_cmd free_ports wait_until stage);

my $src   = $ENV{TN_SRCDIR}   // "$FindBin::Bin/..";
my $build = $ENV{TN_BUILDDIR} // '.';
my $dir   = stage();
my $tmp   = tempdir(CLEANUP => 1);

# One failed test with all that is missing, not a hundred.
sub none_missing ($what, @missing) {
	is(scalar @missing, 0, $what);
	diag("  $_") for @missing;
	return;
}

sub doc ($name) { return slurp("$src/$name") }

my @sources;
find({ no_chdir => 1, wanted => sub { push @sources, $_ if m{\.c$} } }, map { "$src/$_" } qw(core plugins));
@sources = sort @sources;
cmp_ok(scalar @sources, '>', 80, 'sources were found');

# ---- log lines: the table of operating.md against the calls

# Arguments of a call, from behind its parenthesis: split at commas outside of brackets and texts.
sub arguments ($text) {
	my ($depth, @arg) = (0, '');
	while ($text =~ /\G("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|.)/gs) {
		my $t = $1;
		if    ($t =~ /^[(\[{]$/)       { $depth++ }
		elsif ($t =~ /^[)\]}]$/)       { last if !$depth--; }
		elsif ($t eq ',' && !$depth)   { push @arg, ''; next }
		$arg[-1] .= $t;
	}
	return map { s/^\s+|\s+$//gr } @arg;
}

# A printf format in C source as a pattern; undef where it holds nothing but conversions.
sub pattern ($c) {
	my $words = '';
	my $re    = '';
	while ($c =~ /("(?:[^"\\]|\\.)*"|[^"\s]+)/g) {
		my $t = $1;
		if ($t !~ /^"/) { $re .= '.+'; next } # a macro: the version
		for my $part (split /(%[-+ #0]*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?:(?:hh|h|ll|l|z|j|t)?[a-zA-Z]|\z))/, substr $t, 1, -1) {
			if ($part =~ /^%/) { $re .= '.+' } # also the bare one before PRIu64
			else               { $re .= quotemeta $part; $words .= $part }
		}
	}
	return $words =~ /[a-z]/i ? $re =~ s/(?:\.\+)+/.+/gr : undef;
}

my %place = (log_line => [2, 4], net_log => [1, 3], TN_LOG => [1, 3]); # level, format

sub log_calls () {
	my @call;
	for my $f (@sources) {
		my $c = slurp($f);
		while ($c =~ /\b(log_line|net_log|TN_LOG)\(/g) {
			my ($level, $format) = (arguments(substr $c, pos $c))[@{ $place{$1} }];
			next if !defined $format || $format !~ /"/ || $level =~ /^(?:LOG_LEVEL_DEBUG|TN_DEBUG)$/;
			push @call, { file => $f =~ s/^\Q$src\E.//r, format => $format, level => $level, re => pattern($format) };
		}
	}
	return grep { defined $_->{re} } @call;
}

my $operating = doc('doc/operating.md');
my ($log_part) = $operating =~ /^\| Line \| Level \|.*?\n\|[-|]+\n(.*?)\n\n/ms;
my @log_row = map { /^\| `(.*?)` \| (\w+) \|/ ? { line => $1, level => $2 } : () } split /\n/, $log_part // '';
my @call = log_calls();
cmp_ok(scalar @call, '>', 35, 'calls of the log were found');

# "%s: %s" of a session's end stands for two lines, by its first argument.
my %two = ('%s %s: %s' => [qr/Connection closed with .+: .+/, qr/No session with .+: .+/]);
for my $c (@call) { $c->{re} = qr/^$c->{re}$/ }
my @ends = map { @{ $two{$_} } } grep { my $f = $_; grep { index($_, qq("$f")) >= 0 } map { slurp($_) } grep { m{net/session\.c$} } @sources } keys %two;
is(scalar @ends, 2, 'the two ends of a session');
push @call, map { { file => 'core/net/session.c', format => "$_", level => 'LOG_LEVEL_INFO', re => qr/^$_$/ } } @ends;

sub word_of ($level) { return lc($level =~ s/^(?:LOG_LEVEL|TN)_//r) }

# A row belongs to the narrowest pattern that takes it.
sub rows_of ($c) { return grep { $_->{line} =~ $c->{re} } @log_row }
none_missing('every line of level error, warn and info stands in the table of doc/operating.md',
	map { "$_->{file}: $_->{format}" } grep { !rows_of($_) } @call);
none_missing('every line of the table is logged somewhere',
	map { $_->{line} } grep { my $r = $_; !grep { $r->{line} =~ $_->{re} } @call } @log_row);
none_missing('with its level',
	map { my $r = $_; "$r->{line}: not $r->{level}" }
	grep { my $r = $_; !grep { $r->{line} =~ $_->{re} && ($_->{level} !~ /^(?:LOG_LEVEL|TN)_[A-Z]+$/ || word_of($_->{level}) eq $r->{level}) } @call } @log_row);

# ---- why: states, rules, reasons

sub strings_of ($file, $re) {
	my $c = slurp("$src/$file");
	my @got = $c =~ /$re/g;
	return @got;
}

# All in backquotes in the first cells of a section's table.
sub cells ($section) {
	my ($part) = $operating =~ /^\#+ \Q$section\E\n(.*?)(?=^\#)/ms;
	return map { /`([^`]+)`/g } map { /^\| (.*?) \|/ ? $1 : () } split /\n/, $part // '';
}

my %state = map { $_ => 1 } cells('States');
none_missing('states', grep { !$state{$_} } strings_of('core/net/state.c', qr/"([a-z]+)"/), 'banned');
my %rule = map { $_ => 1 } cells('Rules');
none_missing('rules', grep { !$rule{$_} } strings_of('core/net/dial_rule.c', qr/return "(.*?)"/),
	map { strings_of('core/ctl/cmd_why.c', $_) } qr/return "(our own.*?)"/, qr/"(not wanted.*?)"/);

sub reason_formats () {
	my %re;
	for my $f (grep { m{/core/net/} } @sources) {
		my $c = slurp($f);
		my %at = (net_close => 2, net_close_flush => 2, oversize => 1, peer_set => 3, close_all_of => 2, turn_away => 3);
		while ($c =~ /\b(net_close|net_close_flush|oversize|peer_set|close_all_of)\(/g) {
			my $a = (arguments(substr $c, pos $c))[$at{$1}] // '';
			$re{$_} = 1 for $a =~ /("(?:[^"\\]|\\.)*")/g;
		}
		next unless $f =~ m{/(?:judge|listen|survivor|session)\.c$};
		$re{$_} = 1 for $c =~ /(?:text = |: |return |drop\(\w+, )("[a-z][^"%]*")[;),]/g;
	}
	return grep { defined pattern($_) && !/old node may have|short second|is probed|peer decides/ } sort keys %re;
}
my @reason = cells('Reasons');
my @formats = reason_formats();
cmp_ok(scalar @formats, '>', 35, 'reasons were found');
none_missing('reasons of ends and changes', grep { my $re = pattern($_); !grep { /^$re$/ } @reason } @formats);

# ---- the account's reasons

my ($account) = $operating =~ /^## The account\n(.*?)(?=^## )/ms;
my %fate = map { $_ => 1 } $account =~ /`([a-z0-9.-]+)`/g;
none_missing("the core's reasons of the account", grep { !$fate{$_} } strings_of('core/net/names.c', qr/\[REASON_\w+\] = "(.*?)"/));
for my $f (grep { m{/plugins/} } @sources) {
	my ($name) = $f =~ m{/plugins/([^/]+)/};
	my ($rows) = slurp($f) =~ /\.reasons = TN_ROWS\((.*?)\),\n/s or next;
	none_missing("reasons of $name", grep { !$fate{"$name.$_"} } $rows =~ /\{ "([a-z-]+)"/g);
}

# ---- options of both programs

sub pod_text ($name) { return doc($name) =~ s/[BCIFL]<(.*?)>/$1/gr }

for ([timenoded => $dir->{sbindir}, 'doc/timenoded.8.pod'], ['timenode-cli' => $dir->{bindir}, 'doc/timenode-cli.1.pod']) {
	my ($program, $where, $pod) = @$_;
	my ($code, $usage) = run_cmd(["$where/$program", '--help'], env => { LD_LIBRARY_PATH => $dir->{libdir} });
	my ($items) = pod_text($pod) =~ /^=head1 OPTIONS\n(.*?)^=head1/ms;
	my %known = map { $_ => 1 } map { /(--?[a-z][a-z0-9-]*)/g } $items =~ /^=item (.*)$/mg;
	my %has   = map { $_ => 1 } $usage =~ /(?<![\w-])(--?[a-z][a-z0-9-]*)/g;
	is($code, 0, "$program --help");
	none_missing("its options are in $pod", grep { !$known{$_} } sort keys %has);
	none_missing('and no other', grep { !$has{$_} } sort keys %known);
}

# ---- the configuration: keys, defaults and ranges

my %conf_pod; # group.key => text of its item
my $conf_text = join "\n", doc('doc/timenode.conf.5.pod'), map { slurp($_) } sort glob "$src/plugins/*/*.pod";
my $group = '';
for (split /\n(?==)/, $conf_text =~ s/[BCIFL]<(.*?)>/$1/gr) {
	$group = $1 =~ s/^TOP LEVEL$//r if /^=head[12] (.+)/;
	$conf_pod{"$group.$1"} = $_ if /^=item ([a-z_]+) = /;
}

# The same environment for every question to the program.
sub timenoded (@args) {
	return run_cmd(["$dir->{sbindir}/timenoded", '--plugin-dir', $dir->{plugindir}, @args],
		env => { LD_LIBRARY_PATH => $dir->{libdir}, HOME => '/nowhere' });
}

write_file("$tmp/all.conf", "log: { levels: { net = \"debug\"; }; };\nplugins: { "
		. join(' ', map { m{([^/]+)\.so$} ? "$1: { };" : () } glob "$dir->{plugindir}/*.so") . " };\n");
my ($code, $printed, $said) = timenoded('-c', "$tmp/all.conf", '--print-config');
is($code, 0, '--print-config with every plugin') or diag($said);

my (%default, @group);
for (split /\n/, $printed) {
	if    (/^\s*(\w+): \{$/)         { push @group, $1 }
	elsif (/^\s*\};$/)               { pop @group }
	elsif (/^\s*(\w+) = (.*);$/)     { $default{ ($group[-1] // '') . ".$1" } = $2 }
}
delete $default{'levels.net'};
cmp_ok(scalar keys %default, '>=', 40, 'keys were found');
none_missing('every key has its item in timenode.conf(5)', grep { !$conf_pod{$_} } sort keys %default);
none_missing('and no other has', grep { !exists $default{$_} && $_ ne 'log.levels' && !/\.path$/ } sort keys %conf_pod);

# Some defaults depend on the build or on others: the item says it in its own words.
my %own = map { $_ => 1 } qw(.data_dir .run_dir .plugin_dir network.listen);
none_missing('with its default', map { "$_ = $default{$_}" }
	grep { !$own{$_} && index($conf_pod{$_}, " = $default{$_}") < 0 } grep { $conf_pod{$_} } sort keys %default);

# What the program itself says when a number is far out of range.
sub range_of ($name) {
	my ($g, $key) = split /\./, $name;
	my $value = $default{$name} =~ /^"\d+(?:ms|[smhd])"$/ ? '"100000d"' : $default{$name} =~ /^"\d+[KMGT]?"$/ ? '"9000T"' : '9000000000000L';
	my $text = "$key = $value;";
	$text = "$g: { $text };"         if $g;
	$text = "plugins: { $text };"    if -e "$dir->{plugindir}/$g.so";
	write_file("$tmp/one.conf", "$text\n");
	my ($c, $o, $e) = timenoded('-c', "$tmp/one.conf", '--check-config');
	return $e =~ /from (\S+) to (\S+?),?(?:\s|$)/ ? "($1 to $2)" : "(no range: $e)";
}
for my $name (grep { $default{$_} =~ /^"?\d+(?:ms|[smhdKMGT])?"?$/ && $conf_pod{$_} } sort keys %default) {
	my $range = range_of($name);
	like($conf_pod{$name}, qr/\Q$range\E/, "range of $name");
}

# The installed sample: every key, each with its default, as it says itself.
my $sample = doc('etc/timenode.conf.in') =~ s/\@plugindir\@/$dir->{plugindir}/r;
none_missing('every key stands in the sample', grep { my ($key) = /([^.]+)$/; $sample !~ /^\s*\Q$key\E = /m } sort keys %default);
write_file("$tmp/sample.conf", $sample);
write_file("$tmp/none.conf", join "\n", (grep { /^\w+_dir = / } split /\n/, $sample),
	'plugins: { ' . join(' ', map { "$_: { };" } $sample =~ /^\t(\w+): \{$/mg) . " };\n");
is((timenoded('-c', "$tmp/sample.conf", '--print-config'))[1], (timenoded('-c', "$tmp/none.conf", '--print-config'))[1],
	'and its values are the defaults');

# What is printed says the same when it is read again.
write_file("$tmp/printed.conf", $printed);
is((timenoded('-c', "$tmp/printed.conf", '--print-config'))[1], $printed, 'the printed configuration prints itself');
write_file("$tmp/path.conf", "plugins: { pingpong: { path = \"$dir->{plugindir}/pingpong.so\"; }; };\n");
like((timenoded('-c', "$tmp/path.conf", '--print-config'))[1], qr/^\t\tpath = "\Q$dir->{plugindir}\E\/pingpong.so";$/m,
	"a plugin's path is printed");

# ---- commands and rows, from two nodes

my $port = free_ports();
my @node = map { NodeTest->new("doc$_", "127.0.0.$_", $port, conf => { network => { connect => ["127.0.0.1:$port", "127.0.0.2:$port"] }, plugins => { pingpong => {}, peers => {} } }) } 1, 2;
$_->start for @node;
my $cli_pod = pod_text('doc/timenode-cli.1.pod');
my %item; # command => its item
$item{ (split ' ', $1)[0] } .= $_ for grep { /^=item (.*)/ && (() = $1) } ();
for my $part (split /\n(?==)/, $cli_pod =~ s/.*?^=head1 COMMANDS//msr) {
	my ($head) = $part =~ /^=item (.*)/ or next;
	$item{$_} .= $part for map { s/^\s+//r =~ /^([a-z]+)/ ? $1 : () } split /,/, $head;
}
wait_until(sub { $node[0]->peers && ($node[0]->rows('rtt'))[0]{last_us} && $node[0]->rows('peerbook') }, 20, 'the two nodes are connected');

none_missing('every command is in timenode-cli(1), with its arguments', map { "$_->{command} $_->{args}" } grep {
	my $c = $_;
	!defined $item{ $c->{command} } || grep { my $a = $_ =~ s/[\[\]=]//gr; $item{ $c->{command} } !~ /^=item.*\b$a\b/im } split /[ ,]+/, $c->{args}
} $node[0]->rows('help'));

$node[0]->cli('ban', '10.9.9.9', '1h', 'for the test');
my %asked = (status => {}, peers => {}, rtt => {}, why => { ip => '127.0.0.2' }, audit => {}, messages => {}, metrics => {}, plugins => {}, banlist => {}, peerbook => {}, help => {});
for my $command (sort keys %asked) {
	my %field = map { map { $_ => 1 } keys %$_ } $node[0]->rows($command, $asked{$command});
	cmp_ok(scalar keys %field, '>', 2, "$command has rows");
	none_missing("every field of $command is in timenode-cli(1)",
		grep { !/^(?:pingpong|peers)\./ && ($item{$command} // '') !~ /\b\Q$_\E\b/ } sort keys %field);
}
$_->stop for @node;
$_->audit_ok for (); # they have ended; their logs were checked by stop()

# ---- the code of the plugin guide

my $guide = doc('doc/plugins.md');
my %code  = $guide =~ /^<!-- complete: ([\w-]+\.c) -->\n+```c\n(.*?)^```$/msg;
cmp_ok(scalar keys %code, '>=', 3, 'complete plugins in the guide');
is($code{'hello.c'}, doc('examples/hello/hello.c'), 'the hello plugin of the guide is the one of the examples');
my ($fragments) = scalar(() = $guide =~ /^```c$/mg) - scalar keys %code;
is($fragments, 0, 'no code that is not compiled');
for my $name (sort keys %code) {
	write_file("$tmp/$name", $code{$name});
	my $so = "$tmp/" . $name =~ s/\.c$/.so/r;
	my @cc = (split(' ', $ENV{TN_CC} || 'cc'), qw(-std=c11 -fPIC -fvisibility=hidden -Wall -Wextra -Werror -shared));
	my ($rc, $o, $e) = run_cmd([@cc, "-I$dir->{includedir}", '-o', $so, "$tmp/$name", "-L$dir->{libdir}", '-ltimenode'], deadline => 60);
	is($rc, 0, "$name of the guide compiles") or diag($e);
	SKIP: {
		skip 'a plugin without the sanitizer of the node', 1 if $ENV{TN_SANITIZED};
		my $plugin = $name =~ s/\.c$//r;
		write_file("$tmp/guide.conf", "plugins: { $plugin: { path = \"$so\"; }; };\n");
		my ($c, $out, $err) = timenoded('-c', "$tmp/guide.conf", '--check-config');
		is($c, 0, "and the node takes it") or diag($err);
	}
}

# Each call of the host and each member of the tables is named in the guide.
my $host = doc('include/timenode/host.h');
my $h = doc('include/timenode/plugin.h');
my ($table) = $host =~ /^struct tn_host \{(.*?)^\};/ms;
my %spelled = (log => 'TN_LOG', frame => 'tn_make_frame', random => 'tn_random64', network => 'tn_network_info');
none_missing('calls of the host', grep { $guide !~ /\b\Q$_\E\b/ } map { $spelled{$_} // "tn_$_" } $table =~ /\(\*(\w+)\)\(/g);
for my $struct (qw(tn_message tn_need tn_offer tn_listen tn_emits tn_option tn_command tn_metric tn_reason tn_dbdef tn_plugin)) {
	my ($body) = $h =~ /^struct $struct \{(.*?)^\};/ms;
	$body =~ s{/\*.*?\*/}{}gs;
	my @member = map { /\(\*(\w+)\)\(/ ? $1 : map { /(\w+)\s*$/ ? $1 : () } split /,/ } split /;/, $body;
	none_missing("members of struct $struct", grep { $guide !~ /`[^`\n]*\b\Q$_\E\b/ } grep { !/^(?:magic|size|abi_\w+)$/ } @member);
}
none_missing('flags, claims, verdicts and kinds', grep { $guide !~ /\b$_\b/ }
	grep { !/^TN_(?:ABI|CAT|DESC|API|PF|MSG|MAGIC|BUILTIN|NOBODY)/ } map { /\b(TN_[A-Z]+(?:_[A-Z]+)*)\b/g } $h =~ /^enum(?: \w+)? \{(.*?)\}/msg);

# ---- the map of the tree

my $readme = doc('README.md');
my ($map) = $readme =~ /^## Map of the tree\n(.*?)(?=^How it works)/ms;
my @top = qw(include lib core plugins cli etc doc examples script t bench);
none_missing('every directory is in the map', grep { index($map, "$_/") < 0 } @top);
for my $d (qw(lib core doc script t)) {
	my @sub = map { m{([^/]+)/?$} } grep { -d && m{/[a-z0-9]+$}i } glob "$src/$d/*";
	none_missing("and what is below $d/", map { "$d/$_" } grep { $map !~ m{^\s+(?:\S+ )*\Q$_\E/}m } @sub);
}
my @named = map { m{(?<![\w/])([\w.-]+/[\w/.-]*[\w-])}g } grep { /^\s{4}\S/ } split /\n/, $map;
my @files = map { s{^\Q$src\E/}{}r } map { glob "$src/$_" } qw(include/timenode/*.h script/* doc/*.md core/*.[ch] *.md LICENSE);
none_missing('every important file is in the map', grep { my ($n) = m{([^/]+?)(?:\.[ch])?$}; $map !~ /\b\Q$n\E/ } @files);

# ---- links, words

my %heading;
for my $f (qw(README.md CONTRIBUTING.md), map { s{^\Q$src\E/}{}r } glob "$src/doc/*.md") {
	my $text = doc($f);
	my ($base) = $f =~ m{^(.*/)?};
	none_missing("links of $f", grep { !-e "$src/" . ($base // '') . $_ } grep { !/^https?:/ } map { s/#.*//r } $text =~ /\]\(([^)]+)\)/g);
	none_missing("$f names nothing that is not in the tree", $text =~ /\b(DESIGN|DETAILS|spec\/network|anchors\/)\b/g);
}
my %section = map { $_ => 1 } doc('doc/protocol.md') =~ /^#+ (\d+(?:\.\d+)?)\.? /mg;
my @bad;
find({ no_chdir => 1, wanted => sub {
	return if !/\.[ch]$/;
	my $c = slurp($_) =~ s/\n \* / /gr;
	push @bad, "$_: section $1" for grep { !$section{$_} } map { /\d+(?:\.\d+)?/g } $c =~ /doc\/protocol\.md ((?:\d+(?:\.\d+)?(?: to |, | and )?)+)/g;
	push @bad, "$_: spec/" if $c =~ m{\bspec/\w+\.md};
} }, map { "$src/$_" } qw(core plugins include lib t cli));
none_missing('sections of doc/protocol.md that the sources name', @bad);
my %in_list = map { $_ => 1 } doc('doc/protocol.md') =~ /^\| \d+ \| `(\w+)` \|/mg;
none_missing('the 47 names are in doc/protocol.md', grep { !$in_list{$_} } strings_of('lib/wire/messages.c', qr/"([A-Z]\w+)"/));
is(scalar keys %in_list, 47, 'and no other');

done_testing;
