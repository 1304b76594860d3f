#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/74-wishes.t - a plugin that is left out takes its messages with it and nothing else; one
# built outside of the tree carries a message; plugins come and go while the node runs
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use File::Copy qw(copy);
use File::Temp qw(tempdir);
use JSON::PP;
use NodeTest qw(free_ports run_cmd slurp stage stage_dir wait_until);
use Peer;

my $src   = $ENV{TN_SRCDIR} // "$FindBin::Bin/..";
my $stage = stage();

# One line of each name that is not the handshake's.
my (%line, @names);
for (split /\n/, slurp("$src/t/data/messages.jsonl")) {
	my $m = JSON::PP::decode_json($_);
	next if $m->{name} =~ /^(?:Handshake|Ack)$/ || $line{ $m->{name} };
	$line{ $m->{name} } = $m->{line};
	push @names, $m->{name};
}
is(scalar(@names), 45, 'a line of each name');

# ---- left out

sub fate ($row) {
	my %got = map { $_ => $row->{$_} } grep { $row->{$_} } qw(received handled unknown malformed waiting);
	return join ' ', (map { "$_=$got{$_}" } sort keys %got), map { "$_=$row->{refused}{$_}" } sort keys %{ $row->{refused} };
}

# What becomes of one line of each name at a node with these plugins: ({name => fate}, the
# names it sends itself).
sub fates (%plugins) {
	my $n = NodeTest->new('node with ' . (join(' and ', grep { $plugins{$_} } sort keys %plugins) || 'nothing'),
		'127.0.0.1', scalar(free_ports()), conf => { score => { close => 1000, ban => 3000 }, plugins => \%plugins });
	$n->start;
	my $p = Peer->dial("$n->{ip}:$n->{port}", from => '127.0.0.9');
	$p->handshake;
	$p->send_line($line{$_}) for @names;
	wait_until(sub { my $in = $n->account('in'); @names == grep { ($in->{$_}{received} // 0) >= 1 } @names }, 10,
		'every name is received');
	my ($in, $out) = ($n->account('in'), $n->account('out'));
	$n->audit_ok;
	$p->close;
	$n->stop;
	return ({ map { $_ => fate($in->{$_}) } @names }, join ' ', sort keys %$out);
}

my %all = (pingpong => { interval => '600s' }, peers => {});
my ($full, $sends) = fates(%all);
like($full->{$_}, qr/^handled=1 received=1/, "with its plugin: $_ is handled") for qw(Ping GetPeers);
is($sends, 'Ack GetPeers PeersResponse Ping Pong', 'and the node sends its own');
my %mine = (pingpong => [qw(Ping Pong)], peers => [qw(GetPeers PeersResponse)]);
for my $gone (sort keys %mine) {
	my ($left, $still) = fates(%all, $gone => undef);
	my %want = (%$full, map { $_ => 'received=1 no-owner=1' } @{ $mine{$gone} });
	is_deeply($left, \%want, "without $gone: @{ $mine{$gone} } have no owner, every other fate is the same");
	my $rest = join ' ', grep { my $m = $_; !grep { $_ eq $m } @{ $mine{$gone} } } split ' ', $sends;
	is($still, $rest, "without $gone: the node sends the rest");
}
my ($none, $said) = fates(pingpong => undef, peers => undef);
is(scalar(grep { $_ ne 'Version' && $none->{$_} ne 'received=1 no-owner=1' } @names), 0, 'without any plugin: no owner of anything');
is($said, 'Ack', 'and nothing to say');

# ---- built outside

my $work = tempdir(CLEANUP => 1);
copy("$src/examples/hello/$_", "$work/$_") or die "$_: $!" for qw(hello.c Makefile);
cmp_ok(scalar(() = slurp("$work/hello.c") =~ /\n/g), '<', 40, 'hello.c has under 40 lines');
{
	delete local @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL)};
	my $dest = ($ENV{TN_BUILDDIR} // '.') . '/stage';
	my $cc = $ENV{TN_CC} // 'cc';
	my ($code, $out, $err) = run_cmd(['make', '-s', '-C', $work, "CC=$cc", 'CFLAGS=-O2 -Wall -Wextra -Wpedantic -Werror',
		$ENV{TN_SANITIZED} ? "LDFLAGS=-fsanitize=$ENV{TN_SANITIZED}" : ()], deadline => 60,
		env => { PKG_CONFIG_PATH => "$stage->{libdir}/pkgconfig", PKG_CONFIG_SYSROOT_DIR => $dest });
	is($code, 0, 'it builds against the installed tree') or diag($out, $err);
}

# How many greetings a node heard, by account and by the plugin's own count.
sub greetings ($n) {
	return join ' ', $n->account('in')->{Hello}{handled} // 0, $n->status->{'hello.greeted'} // 'none';
}
sub greeted ($n) { return $n->account('out')->{Hello}{sent} // 0 }

my $port = free_ports();
my @n = map {
	my $me = $_;
	NodeTest->new("node $me", "127.0.0.$me", $port, conf => {
		network => { connect => ['127.0.0.' . (3 - $me) . ":$port"] },
		plugins => { hello => { path => "$work/hello.so" } } });
} 1, 2;
$_->start for @n;
for my $n (@n) {
	ok($n->wait_log(qr/says hello/), "$n->{name}: hears hello");
	is(greetings($n), '1 1', "$n->{name}: once, in the audit and in the metrics");
	is(greeted($n), 1, "$n->{name}: and has said it");
	$n->audit_ok;
}

# ---- coming and going

my ($code, $out, $err) = $n[0]->cli('plugin', 'unload', 'hello');
is($code, 0, 'unload of hello') or diag($out, $err);
is((grep { $_->{name} eq 'hello' } @{ $n[0]->cli_json('plugins') }), 0, 'it is gone');
is($n[0]->status->{in} + $n[0]->status->{out}, 1, 'the session stays');
my $p = Peer->dial("127.0.0.1:$port", from => '127.0.0.9');
my $ack = $p->handshake(features => ['hello']);
is_deeply([grep { $_ eq 'hello' } @{ $ack->{features} }], [], 'it is no feature any more');
$p->send_line('{"Hello":{"text":"anybody?"}}');
ok($p->ping, 'a Ping behind a Hello is answered');
is($n[0]->account('in')->{Hello}{handled} // 0, 1, 'the Hello was handled by nobody');
$n[0]->audit_ok('and is accounted for');
$p->close;

is(($n[0]->cli('plugin', 'load', 'hello'))[0], 0, 'load of hello');
$p = Peer->dial("127.0.0.1:$port", from => '127.0.0.9');
$ack = $p->handshake(features => ['hello']);
is_deeply([grep { $_ eq 'hello' } @{ $ack->{features} }], ['hello'], 'it is a feature again');
is_deeply($p->expect('Hello'), { text => 'hello' }, 'and says hello');
$p->send_line('{"Hello":{"text":"here"}}');
ok($n[0]->wait_log(qr/says here/), 'and hears it');
$p->close;

# The messages of a plugin that is unloaded have no owner; loaded again, they have.
is(($n[0]->cli('plugin', 'unload', 'pingpong'))[0], 0, 'unload of pingpong');
$p = Peer->dial("127.0.0.1:$port", from => '127.0.0.9');
$p->handshake;
$p->send_line('{"Ping":{"nonce":7,"timestamp":1}}');
ok(wait_until(sub { $n[0]->account('in')->{Ping}{refused}{'no-owner'} }, 10, 'a refusal'), 'a Ping has no owner');
is(($n[0]->cli('plugin', 'load', 'pingpong'))[0], 0, 'load of pingpong');
ok($p->ping, 'a Ping of the same session is answered');
$p->close;

($code, $out, $err) = $n[0]->cli('plugin', 'load', 'nonsense');
is($code, 1, 'load of what is not there is refused');
like($err, qr/nonsense\.so/, 'and the file named');
is(($n[0]->cli('plugin', 'unload', 'nonsense'))[0], 1, 'so is an unload');
is(($n[0]->cli('plugin', 'load', 'hello'))[0], 1, 'and a second load');
is(scalar(grep { 1 } $_->peers), 1, "$_->{name}: the session lives") for @n;
for my $n (@n) {
	$n->audit_ok;
	$n->stop;
}
done_testing();
