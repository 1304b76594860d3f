#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/85-blocks-liars.t - a new node catches up from an honest, a slow and a lying peer: same chain,
# same coins, and the liar alone is blamed. BLOCKS=N and TXS=N for a larger chain.
use v5.36;
use Test::More;
use FindBin;
use lib "$FindBin::Bin/lib";

use File::Temp qw(tempdir);
use JSON::PP;
use NodeTest qw(free_ports wait_until slurp);
use Peer;
use Time::HiRes qw(time sleep);

my $build  = $ENV{TN_BUILDDIR} // '.';
my $dir    = tempdir(CLEANUP => 1);
my $json   = JSON::PP->new->utf8->canonical->allow_nonref;
my $port   = free_ports();
my $since  = 1764547200;
my $blocks = $ENV{BLOCKS} || 240;
my $txs    = $ENV{TXS}    || 5;
my $bad_at = int $blocks / 2;
my ($honest, $slow, $liar) = map { "127.0.0.$_" } 1, 6, 7;

sub generate ($file, @args) {
	system("'$build/t/chaingen' --network private --genesis-time $since --txs $txs --blocks $blocks @args >'$dir/$file'") == 0
		or BAIL_OUT("chaingen @args");
	return "$dir/$file";
}
sub lines (@args) { return [split /\n/, slurp(generate('lines', '--genesis', @args))] }

# ---- scripted peers, each a process: they answer what a node asks while it catches up

sub hash_of ($line) { # of the block below it, as numbers
	return $1 if $line =~ /"previous_hash":(\[[^\]]*\])/;
}

sub range ($chain, $from, $to) {
	return join ',', grep { defined } @$chain[$from .. ($to < $#$chain ? $to : $#$chain)];
}

my %answer = (
	GetBlockHeight => sub ($peer, $how, $body) { sprintf '{"BlockHeightResponse":%s}', $how->{height} // $#{ $how->{chain} } },
	GetBlockHash => sub ($peer, $how, $h) {
		my $next = $how->{chain}[$h + 1];
		my $hash = $h == 0 && $how->{genesis} ? '[' . join(',', (7) x 32) . ']' : $next ? hash_of($next) : 'null';
		qq({"BlockHashResponse":{"height":$h,"hash":$hash}});
	},
	GetBlocks => sub ($peer, $how, $r) {
		my ($from, $to) = map { $_ + ($how->{shift} // 0) } @$r;
		return if $how->{withhold} && $from <= $bad_at && $to >= $bad_at;
		sleep $how->{wait} if $how->{wait};
		'{"BlocksResponse":[' . range($how->{chain}, $from, $to) . ']}';
	},
);

sub serve ($peer, $how) {
	$peer->answer(node_id => $how->{id});
	while (defined(my $line = $peer->line(60))) {
		my ($name, $body) = $line =~ /^"(\w+)"$/ ? ($1) : %{ $json->decode($line) };
		if ($name eq 'Ping') { $peer->pong($body); next }
		my $text = $answer{$name} ? $answer{$name}->($peer, $how, $body) : undef;
		$peer->send_line($text) if defined $text;
	}
	return;
}

sub scripted ($ip, %how) {
	my $listener = Peer->listen($ip, $port);
	my $pid = fork // die "fork: $!";
	if ($pid) { $listener->close; return $pid }
	$SIG{PIPE} = 'IGNORE';
	while (1) {
		my $p = Peer->on(scalar $listener->{listener}->accept, outbound => 0);
		eval { serve($p, \%how) };
		$p->close;
	}
}

# ---- the honest node and the true chain

my $true = lines();
my $conf = { network => { genesis_time => $since, dial_rule => 'any', whitelist => [] },
	store => { map_size => '8G' }, plugins => { peers => undef, pingpong => { interval => '30s' }, blocks => {} } };
my $a = NodeTest->new('honest', $honest, $port, conf => $conf)->start;
BAIL_OUT('the honest node does not start') unless $a->alive;
my $file = generate('true.bin', '--format bincode');
is($a->ask('chain', { action => 'import', file => $file }, 600)->{end}, 0, 'the honest node has the chain');
my $coins = ($a->rows('gettxoutsetinfo'))[0];

my @turn = (
	['a height of 2^64-1', qr/a height that time has not reached/, height => '18446744073709551615', chain => [@$true[0 .. 9]]],
	['a bad signature behind a good prefix', qr/a block that breaks a rule/, chain => lines('--bad signature --bad-at', $bad_at)],
	['a mutated block', qr/a block whose body is not its own/, chain => lines('--bad mutated --bad-at', $bad_at)],
	['another range than asked', qr/other blocks than asked/, chain => $true, shift => 10],
	['another genesis block', undef, chain => $true, genesis => 1],
	['a withheld block', undef, chain => $true, withhold => 1],
);
my %only = map { $_ => 1 } split /,/, $ENV{ONLY} // '';
for my $i (0 .. $#turn) {
	next if %only && !$only{$i};
	my ($what, $why, %how) = @{ $turn[$i] };
	my @pid = (scripted($slow, id => 1006, chain => $true, wait => 0.3), scripted($liar, id => 1007, %how));
	my $n = NodeTest->new("new$i", '127.0.0.9', $port, conf => { %$conf,
		network => { %{ $conf->{network} }, connect => [map { "$_:$port" } $liar, $slow] } })->start;
	wait_until(sub { $n->peers >= ($how{genesis} ? 1 : 2) }, 10, "$what: beside the liar and the slow one");
	sleep 1; # the liar has its say before the honest one is there
	$n->ask('addnode', { addr => "$honest:$port" });
	wait_until(sub { !$n->alive || (($n->ask('getblockcount'))->{rows}[0] // {})->{height} == $blocks }, $blocks > 1000 ? 900 : 90, "$what: the whole chain is there");
	is(($n->rows('gettxoutsetinfo'))[0]{hash}, $coins->{hash}, "$what: the same coins as by import");
	my @blamed = map { /Synchronisation: (\S+) sent or said/ ? $1 : /Refused block/ ? '?' : () } split /\n/, $n->log_text;
	is(scalar(grep { $_ ne $liar } @blamed), 0, "$what: nobody else is blamed");
	ok($n->log_has($why), "$what: the liar is") if $why;
	ok($n->log_has(qr/Connection closed with \Q$liar\E:\d+: another genesis block/), "$what: it is closed") if $how{genesis};
	is(scalar @blamed, 0, "$what: nobody is blamed") if !$why;
	$n->audit_ok;
	$n->stop;
	kill 'KILL', $_ for @pid;
	waitpid $_, 0 for @pid;
}
$a->audit_ok;
$a->stop;
done_testing();
