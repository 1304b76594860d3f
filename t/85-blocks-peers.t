#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/85-blocks-peers.t - a new node catches up beside one honest peer and others that are of little
# use: one that gives one block at a time, one that hangs up in the middle of each answer, one that
# cuts each answer in two messages, and liars
use v5.36;
use Test::More;
use FindBin;
use lib "$FindBin::Bin/lib";

use ChainPeer;
use File::Temp qw(tempdir);
use NodeTest qw(free_ports wait_until);

my $build  = $ENV{TN_BUILDDIR} // '.';
my $port   = free_ports();
my $since  = 1764547200;
my $blocks = 1500;
my $dir    = tempdir(CLEANUP => 1);
system("'$build/t/chaingen' --network private --genesis-time $since --txs 2 --blocks $blocks >'$dir/true.jsonl'") == 0 or BAIL_OUT('chaingen');
my $chain = Chain->load("$dir/true.jsonl");

sub list ($s, $from, $to) { return '{"BlocksResponse":[' . join(',', map { $s->{chain}->line($_) } $from .. $to) . ']}' }

my %way = (
	drops => sub ($s, $r, $true) { select undef, undef, undef, 0.2; list($s, $r->[0], $r->[0]) },
	half  => sub ($s, $r, $true) {
		my $text = list($s, @$r);
		$s->{peer}->send_raw(substr $text, 0, length($text) / 2);
		$s->hang_up;
		return;
	},
	two => sub ($s, $r, $true) {
		my $mid = int(($r->[0] + $r->[1]) / 2);
		$s->put(list($s, $r->[0], $mid));
		return list($s, $mid + 1, $r->[1]);
	},
	shifted => sub ($s, $r, $true) { $true->($s, [map { $_ + 3 } @$r]) },
	none    => sub ($s, $r, $true) { '{"BlocksResponse":[]}' },
	silent  => sub ($s, $r, $true) { undef },
);

sub meet ($name, @ways) {
	my $i = 20;
	my %ip = map { $_ => '127.0.0.' . $i++ } @ways;
	my $good = ChainPeer->start('127.0.0.19', $port, id => 1019, chain => $chain, wait => 0.05);
	my @peer = map { ChainPeer->start($ip{$_}, $port, id => 1000 + ($ip{$_} =~ /(\d+)$/)[0], chain => $chain, answer => { GetBlocks => $way{$_} }) } @ways;
	my $n = NodeTest->new($name, '127.0.0.9', $port, conf => {
		network => { genesis_time => $since, dial_rule => 'any', connect => [map { "$_:$port" } '127.0.0.19', values %ip] },
		store   => { map_size => '1G' }, plugins => { peers => undef, pingpong => { interval => '30s' }, blocks => {} } })->start;
	wait_until(sub { ((($n->rows('getblockcount'))[0]) // {})->{height} == $blocks }, 120, "$name: all blocks are there");
	is(((($n->rows('getblockcount'))[0]) // {})->{height}, $blocks, "$name: the whole chain");
	is($n->log_count(qr/Synchronisation: 127\.0\.0\.19 sent/), 0, "$name: the honest peer is not blamed");
	$n->audit_ok;
	$n->stop;
	$_->stop for $good, @peer;
	return;
}

meet('drops', 'drops');
meet('half', 'half');
meet('two', 'two');
meet('all but one', qw(drops half two shifted none silent));
done_testing();
