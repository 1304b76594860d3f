#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/72-cli.t - timenode-cli against a scripted daemon: answers, errors, silence, nonsense
use strict;
use warnings;
use Test::More;
use File::Temp qw(tempdir);
use IO::Handle;
use IO::Socket::UNIX;
use JSON::PP;

my $cli = ($ENV{TN_BUILDDIR} // '.') . '/timenode-cli';
my @wrap = split ' ', $ENV{TN_WRAP} // '';
my $slow = $ENV{TN_SLOW} // 1;
plan skip_all => "$cli is not built" unless -x $cli;

my $dir = tempdir(CLEANUP => 1);
my $path = "$dir/control.sock";
my $json = JSON::PP->new->allow_bignum;
local $SIG{PIPE} = 'IGNORE';
delete @ENV{qw(TIMENODE_SOCKET)};
$ENV{HOME} = $dir;

sub slurp {
	my ($file) = @_;
	open my $in, '<:raw', $file or die "$file: $!";
	local $/;
	return scalar <$in>;
}

sub spew {
	my ($file, $text) = @_;
	open my $out, '>:raw', $file or die "$file: $!";
	print $out $text;
	close $out or die "$file: $!";
}

# Runs the program: exit code, stdout, stderr. It must end by itself.
sub cli {
	my (@args) = @_;
	my $pid = fork // die "fork: $!";
	if (!$pid) {
		alarm 60 * $slow;
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', "$dir/out" or die;
		open STDERR, '>', "$dir/err" or die;
		exec @wrap, $cli, @args or die "exec: $!";
	}
	waitpid $pid, 0;
	my $code = $? & 127 ? "signal " . ($? & 127) : $? >> 8;
	return ($code, slurp("$dir/out"), slurp("$dir/err"));
}

# A daemon for one connection: reads one line, then does what the script says (a text is
# written, a number is a pause in seconds, "hang" waits to be killed). The request line
# is kept in $dir/request.
sub daemon_start {
	my (@script) = @_;
	unlink $path, "$dir/request";
	my $listener = IO::Socket::UNIX->new(Local => $path, Listen => 5) or die "$path: $!";
	my $pid = fork // die "fork: $!";
	return $pid if $pid;
	alarm 60 * $slow;
	my $c = $listener->accept or exit 1;
	my $line = readline $c;
	spew("$dir/request", $line // '');
	for my $step (@script) {
		sleep 600 if $step eq 'hang';
		if ($step =~ /^[\d.]+\z/) { select undef, undef, undef, $step; next }
		$c->syswrite($step) // last;
	}
	close $c;
	require POSIX;
	POSIX::_exit(0);
}

sub with_daemon {
	my ($script, @args) = @_;
	my $pid = daemon_start(@$script);
	my @got = cli('--socket', $path, @args);
	kill 'KILL', $pid;
	waitpid $pid, 0;
	return @got;
}

sub request { return $json->decode(slurp("$dir/request")) }

my $end = qq({"id":1,"end":0}\n);

# ---- answers
{
	my ($code, $out, $err) = with_daemon([
		qq({"id":1,"row":{"ip":"1.2.3.4",), 0.01, qq("up_s":61,"legacy":false}}\n{"id":1,"row":{"ip":"::1"),
		0.01, qq(,"up_s":5,"legacy":true}}), 0.01, "\n", $end ], 'peers');
	is($code, 0, 'an answer in pieces');
	is($out, "ip          up  legacy\n1.2.3.4  1m01s  no\n::1         5s  yes\n", 'is a table');
	is($err, '', 'without complaints');
	is_deeply(request(), { id => 1, cmd => 'peers', args => {} }, 'the request');
}
{
	my ($code, $out) = with_daemon([ qq({"id":1,"row":{"version":"1","uptime_s":7}}\n), $end ], 'status');
	is($code, 0, 'status');
	is($out, "version  1\nuptime   7s\n", 'is a list');
}
{
	my @rows = map { qq({"id":1,"row":{"n":$_,"text":") . 'x' x 300 . qq("}}\n) } 1 .. 2000;
	my ($code, $out) = with_daemon([ join('', @rows), $end ], '--json', 'peers');
	my $doc = eval { $json->decode($out) };
	is($code, 0, 'a large answer');
	is(scalar @{ $doc->{rows} // [] }, 2000, 'has all rows');
	is($doc->{rows}[1999]{n}, 2000, 'in their order');
	is_deeply([ sort keys %$doc ], ['rows'], 'and nothing else');
}
{
	my ($code, $out) = with_daemon([ qq({"id":1,"row":{"n":18446744073709551615}}\n), $end ], 'x', '--json');
	is($out, qq({"rows":[{"n":18446744073709551615}]}\n), 'numbers stay whole');
	($code, $out) = with_daemon([$end], '--json', 'peers');
	is($out, qq({"rows":[]}\n), 'no rows is an empty list');
	($code, $out) = with_daemon([$end], 'peers');
	is("$code$out", '0', 'or no line for people');
}

# ---- errors of the daemon
{
	my @answer = (qq({"id":1,"row":{"a":1}}\n), qq({"id":1,"error":"no \\"x\\"","code":-5}\n));
	my ($code, $out, $err) = with_daemon(\@answer, 'why', '::1');
	is($code, 1, 'refused');
	is($err, qq(timenode-cli: no "x"\n), 'with the reason');
	is($out, "a\n1\n", 'after the rows that came');
	($code, $out, $err) = with_daemon(\@answer, '--json', 'why', '::1');
	is($code, 1, 'refused, JSON');
	is($out, qq({"error":"no \\"x\\"","code":-5}\n), 'the error alone');
	is($err, '', 'and nothing on stderr');
	($code, $out, $err) = with_daemon([ qq({"id":null,"error":"too many","code":-2}\n) ], 'peers');
	is("$code $err", "1 timenode-cli: too many\n", 'an error without our id is ours too');
}

# ---- what is no answer
for my $case (
	[ 'a foreign protocol', "HTTP/1.1 400 Bad Request\r\n" ],
	[ 'another id', qq({"id":2,"end":0}\n) ],
	[ 'no id', qq({"end":0}\n) ],
	[ 'no object', "5\n" ],
	[ 'a row that is none', qq({"id":1,"row":5}\n) ],
	[ 'an error without a code', qq({"id":1,"error":"x"}\n) ],
	[ 'two values', qq({"id":1,"end":0} {}\n) ],
	[ 'an empty line', "\n" ],
	[ 'terminal codes', "\e[31mred\n" ]) {
	my ($what, $text) = @$case;
	my ($code, $out, $err) = with_daemon([ $text, 'hang' ], 'peers');
	is($code, 2, $what);
	like($err, qr/^timenode-cli: what answers at \Q$path\E is no timenoded/, "$what: said so");
	unlike($err, qr/[^\n -~]/, "$what: nothing odd on the terminal");
}
{
	my ($code, $out, $err) = with_daemon([ qq({"id":1,"row":{"a":1}}\n{"id":1,"e) ], 'peers');
	is($code, 2, 'an answer that is cut');
	like($err, qr/closed the connection before the end/, 'is noticed');
	($code, $out, $err) = with_daemon([], '--json', 'peers');
	is($code, 2, 'no answer at all');
	is(eval { $json->decode($out)->{code} }, -9, 'as JSON');
}

# ---- silence
{
	my ($code, $out, $err) = with_daemon(['hang'], '--timeout', '0.3', 'peers');
	is($code, 2, 'a daemon that hangs');
	like($err, qr/does not answer \(waited 0\.3 s/, 'is given up');
	($code, $out, $err) = with_daemon([ qq({"id":1,"row":{"a":1}}\n), 'hang' ], '--timeout=0.3', 'peers');
	is($code, 2, 'also in the middle of its answer');
	my @row = (qq({"id":1,"row":{"a":1}}\n), 0.4 * $slow);
	($code) = with_daemon([ (@row) x 4, $end ], '--timeout', 1.2 * $slow, 'peers');
	is($code, 0, 'each row gives it time again');
}

# ---- no daemon
{
	my ($code, $out, $err) = cli('--socket', "$dir/nobody", 'peers');
	is($code, 2, 'no socket');
	is($err, "timenode-cli: no daemon at $dir/nobody: is timenoded running? --config, --node-id or --socket name another one (No such file or directory)\n", 'says so');
	my $dead = IO::Socket::UNIX->new(Local => "$dir/dead", Listen => 1) or die;
	close $dead;
	($code, $out, $err) = cli('--socket', "$dir/dead", 'peers');
	is($code, 2, 'a dead socket');
	like($err, qr/no daemon at .*Connection refused/, 'says so');
	($code, $out, $err) = cli('--socket', 'x' x 200, 'peers');
	is($code, 2, 'a path that is too long');
	like($err, qr/107 bytes/, 'says so');
}

# ---- where the socket is
{
	my $pid = daemon_start($end);
	local $ENV{TIMENODE_SOCKET} = $path;
	my ($code) = cli('peers');
	waitpid $pid, 0;
	is($code, 0, '$TIMENODE_SOCKET');

	spew("$dir/c.conf", qq(run_dir = "$dir";\nplugins: { };\n));
	$pid = daemon_start($end);
	$ENV{TIMENODE_SOCKET} = "$dir/other";
	($code) = cli('-c', "$dir/c.conf", 'peers');
	kill 'KILL', $pid if $code;
	waitpid $pid, 0;
	is($code, 0, "a configuration's run_dir, before the environment");

	my ($bad, $out, $err) = cli('--config', "$dir/none.conf", 'peers');
	is($bad, 2, 'no such configuration');
	like($err, qr/cannot read \Q$dir\E\/none\.conf/, 'says so');
	spew("$dir/bad.conf", "a = 1;\nb = ;\n");
	($bad, $out, $err) = cli('--config', "$dir/bad.conf", 'peers');
	is($bad, 2, 'a broken configuration');
	like($err, qr/bad\.conf:2: /, 'names the line');
	($bad, $out, $err) = cli('--node-id', 3, 'peers');
	like($err, qr/no daemon at \Q$dir\E\/\.timenode\/private\/3\/control\.sock/, '--node-id');
}

# ---- words
for my $case (
	[ [qw(why 1.2.3.4)], { ip => '1.2.3.4' } ],
	[ [qw(addnode [::1]:5)], { addr => '[::1]:5' } ],
	[ [qw(ban 1.2.3.4)], { addr => '1.2.3.4' } ],
	[ [qw(ban 1.2.3.4 1h)], { addr => '1.2.3.4', duration => '1h' } ],
	[ [qw(ban 1.2.3.4 1h being bad)], { addr => '1.2.3.4', duration => '1h', reason => 'being bad' } ],
	[ [qw(ban 1.2.3.4 spam)], { addr => '1.2.3.4', reason => 'spam' } ],
	[ [qw(unban 10.0.0.0/8)], { addr => '10.0.0.0/8' } ],
	[ [qw(loglevel debug)], { level => 'debug' } ],
	[ [qw(loglevel net debug)], { subsystem => 'net', level => 'debug' } ],
	[ [qw(plugin load hello)], { action => 'load', name => 'hello' } ],
	[ [qw(chain reindex quick)], { action => 'reindex', quick => JSON::PP::true } ],
	[ ['help'], {} ],
	[ ['getmempoolinfo'], {} ],
	[ [ 'getblockhash', '99999999999999999999' ], { height => '99999999999999999999' } ],
	[ [ qw(tune n=5 big=18446744073709551615 on=true f=1.5 a=1x e= neg=-3 s="5" t=a=b), 'l=[1]' ],
		{ n => 5, big => $json->decode('18446744073709551615'), on => JSON::PP::true, f => 1.5, a => '1x',
			e => '', neg => -3, s => '"5"', t => 'a=b', l => '[1]' } ],
	[ [ 'tune', '--', '--x=1' ], { '--x' => 1 } ]) {
	my ($words, $args) = @$case;
	my ($code, $out, $err) = with_daemon([$end], @$words);
	is("$code$err", '0', "@$words");
	is_deeply(request(), { id => 1, cmd => $words->[0], args => $args }, "@$words: the request");
}
{
	with_daemon([$end], qw(tune n=5 s=x));
	like(slurp("$dir/request"), qr/"n":5[,}]/, 'a number goes as a number');
	like(slurp("$dir/request"), qr/"s":"x"/, 'a text as a text');
}

{
	with_daemon([$end], 'getblockhash', '99999999999999999999');
	like(slurp("$dir/request"), qr/"height":"9{20}"/, 'a number that no integer holds goes as it was written');
}

# ---- help shows what is written behind timenode-cli, and what needs no daemon
{
	my $row = qq({"id":1,"row":{"command":"getblockhash","args":"height=","help":"a hash","plugin":"blocks"}}\n);
	my ($code, $out) = with_daemon([$row, $end], 'help');
	like("$code $out", qr/^0 .*^getblockhash +HEIGHT +a hash +blocks$/ms, 'help: the arguments by their places');
	like($out, qr/^$_ /m, "and $_") for qw(top wire);
	($code, $out) = with_daemon([$row, $end], '--json', 'help');
	like("$code $out", qr/^0 .*"height="/s, 'for programs it is what the daemon says');
	unlike($out, qr/"wire"/, 'and no more');
	($code, $out) = cli('--socket', "$dir/none", 'help', 'top');
	like("$code $out", qr/^0 command.*^top /ms, 'help top');
}

# ---- usage
for my $case (
	[ [], qr/command is missing: help lists/ ],
	[ ['--jsn', 'peers'], qr/unknown option --jsn: --help lists them/ ],
	[ [ '-c', "$dir/none", 'peers' ], qr/cannot read \Q$dir\E\/none: No such file or directory/ ],
	[ [ '-c', $dir, 'peers' ], qr/cannot read \Q$dir\E: \w/ ],
	[ [ 'peers', '-x' ], qr/unknown option -x/ ],
	[ [ '--json=1', 'peers' ], qr/--json takes no value/ ],
	[ ['--socket'], qr/--socket needs a value/ ],
	[ [ '--timeout', '0', 'peers' ], qr/--timeout 0: / ],
	[ [ '--timeout', 'inf', 'peers' ], qr/--timeout inf: / ],
	[ [ '--timeout', '1.2.3', 'peers' ], qr/--timeout 1\.2\.3: / ],
	[ [ '--node-id', '0', 'peers' ], qr/--node-id 0: / ],
	[ [ '--node-id', '100', 'peers' ], qr/--node-id 100: / ],
	[ [ '--node-id', '1', '--socket', 'x', 'peers' ], qr/give one/ ],
	[ [ '--once', 'peers' ], qr/--once belongs to top/ ],
	[ [ 'top', 'x' ], qr/usage: timenode-cli top/ ],
	[ [ 'getblockcount', '5' ], qr/usage: timenode-cli getblockcount$/m ],
	[ ['disconnect'], qr/usage: timenode-cli disconnect/ ],
	[ [ 'peers', 'all' ], qr/^timenode-cli: usage: timenode-cli peers$/m ],
	[ ['why'], qr/usage: timenode-cli why IP/ ],
	[ [ 'why', 'a', 'b' ], qr/usage: timenode-cli why IP/ ],
	[ [ 'plugin', 'load' ], qr/usage: timenode-cli plugin load\|unload\|upgrade NAME/ ],
	[ [ 'loglevel', 'a', 'b', 'c' ], qr/usage: timenode-cli loglevel/ ],
	[ [ 'rtt', 'x' ], qr/KEY=VALUE/ ],
	[ [ 'rtt', '=x' ], qr/KEY=VALUE/ ],
	[ [ 'rtt', 'a=1', 'a=2' ], qr/given twice/ ]) {
	my ($args, $says) = @$case;
	my ($code, $out, $err) = cli(@$args);
	is($code, 2, "exit code of: @$args");
	like($err, $says, "@$args: says why");
	is($out, '', "@$args: nothing on stdout");
}
{
	my ($code, $out, $err) = cli('--help');
	is("$code$err", '0', '--help');
	like($out, qr/^usage: timenode-cli /, 'is the usage');
	like($out, qr/\Q$_\E/, "names $_") for qw(--socket --json --timeout --node-id --config why audit);
	($code, $out) = cli('--version');
	like("$code $out", qr/^0 timenode-cli \d+\.\d+/, '--version');
}

done_testing();
