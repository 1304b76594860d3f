#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/71-private.t - the old notes' commands: timenoded --node-id N --p2p-port P, three times on
# one host. Needs root: the installed tree is mounted where it was configured to be.
use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use File::Temp qw(tempdir);
use NodeTest qw(free_ports stage stage_dir wait_until);

my $build = $ENV{TN_BUILDDIR} // '.';
my ($prefix) = NodeTest::slurp("$build/stage/dirs") =~ /^prefix=(.*)$/m;
plan skip_all => 'no installed tree' unless $prefix;
if (!$ENV{TN_OWN_MOUNTS}) {
	plan skip_all => 'needs root, to mount the installed tree at its prefix' if $>;
	plan skip_all => "nothing to mount on at $prefix" if !-d $prefix || $prefix eq '/usr';
	plan skip_all => 'no mount namespace here' if system('unshare -m true 2>/dev/null') != 0;
	$ENV{TN_OWN_MOUNTS} = 1;
	exec 'unshare', '-m', $^X, $0 or die "unshare: $!";
}
plan skip_all => 'mounting is not allowed here'
	if system('mount', '--bind', "$build/stage$prefix", $prefix) != 0;

my $home = tempdir(CLEANUP => 1);
my @port = free_ports(8);
my @node = map {
	NodeTest->new("instance $_", '127.0.0.1', $port[$_ - 1], args => ['--node-id', $_, '--p2p-port', $port[$_ - 1]],
		socket => "$home/.timenode/private/$_/control.sock", env => { HOME => $home });
} 1 .. 3;
$_->start for @node;

# Each is dialed by those before it; the others of the eight are not there.
sub view ($n) { return join ' ', sort map { $_->{dir} } $n->peers }
ok(wait_until(sub { join(',', map { view($_) } @node) eq 'out out,in out,in in' }, 20, 'all three are connected'),
	'all three are connected, the lower port dialed');
my %id = map { $_->status->{node_id} => 1 } @node;
is(scalar(keys %id), 3, 'three identities on one address');
for my $i (1 .. 3) {
	my $n = $node[$i - 1];
	ok(wait_until(sub { 2 == grep { $_->{last_us} } @{ $n->cli_json('--node-id', $i, 'rtt') } }, 10, 'round trips'),
		"timenode-cli --node-id $i shows round-trip times");
	is($n->status->{listen}, "127.0.0.1:$port[$i - 1]", "instance $i listens where it was told");
	$n->audit_ok;
}
$node[1]->kill9;
$node[1]->start;
ok(wait_until(sub { join(',', map { view($_) } @node) eq 'out out,in out,in in' }, 30, 'the second again'),
	'one that was killed is back, with its data directory');
for my $n (@node) {
	$n->audit_ok;
	$n->stop;
}
done_testing();
