#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/00-style.t - format, first lines, function lengths, white space, words that do not belong
use strict;
use warnings;
use Test::More;
use Cwd qw(getcwd);
use File::Basename qw(dirname);
use File::Copy qw(copy);
use File::Find qw(find);
use File::Path qw(make_path);
use File::Temp qw(tempdir);

my $src = $ENV{TN_SRCDIR} // dirname(__FILE__) . '/..';

# What this tree is made of; whatever a build leaves behind is not looked at.
my @rooms = qw(include lib core plugins cli examples t bench script etc doc .ci
	configure.ac Makefile.am bootstrap README.md CONTRIBUTING.md);
my $code   = qr/\.[ch]$/;
my $product = qr/^(?:lib|core|cli|plugins)\/.*\.c$/; # wrappers in headers would flatter the median
my $signed = qr/(?:\.(?:[ch]|t|pm|pl|mk|sh|ac|am|in|pod)$|^(?:script|\.ci)\/|^bootstrap$)/;

sub text {
	my ($file) = @_;
	open my $in, '<:raw', $file or die "$file: $!";
	local $/;
	my $t = <$in>;
	close $in;
	return $t;
}

# Paths below a tree, without what was compiled.
sub sources {
	my ($tree) = @_;
	my @found;
	my $add = sub {
		return $File::Find::prune = 1 if /^(?:\.libs|\.deps|autom4te\.cache)$/;
		return $File::Find::prune = 1 if m{/t/fuzz/seeds$}; # inputs, not texts
		return if !-f $_ || /\.(?:o|lo|la|a|so|log|trs|swp|orig|rej|xz|[1-8])$|~$|^\.dirstamp$|^Makefile$/;
		open my $in, '<:raw', $_ or return;
		read $in, my $head, 4;
		return if defined $head && $head eq "\x7fELF";
		push @found, $File::Find::name =~ s/^\Q$tree\E\///r;
	};
	my @roots = grep { -e } map { "$tree/$_" } @rooms;
	find({ wanted => $add, no_chdir => 1 }, @roots) if @roots;
	@found = grep { !/\.t$/ || text("$tree/$_") !~ /^# .* - temporary wrapper script for/m } @found;
	return sort @found;
}

# Each check takes a tree and its files and returns what is wrong, one line each.
sub format_faults {
	my ($tree, @files) = @_;
	my @c = map { "$tree/$_" } grep { $_ =~ $code } @files;
	return () unless @c;
	my $list = join ' ', map { "'$_'" } @c;
	return grep { /error:|warning:/ } `clang-format --style=file --dry-run -Werror $list 2>&1`;
}

sub head_faults {
	my ($tree, @files) = @_;
	my @bad;
	for my $f (grep { $_ =~ $signed } @files) {
		my @head = grep { defined } (split /\n/, text("$tree/$f"))[0 .. 4];
		push @bad, "$f: no SPDX-License-Identifier: MIT in its first lines"
			unless grep { /SPDX-License-Identifier: MIT/ } @head;
		push @bad, "$f: no line that says what it is for"
			unless grep { /^(?:\/\/|#|\s?\*|;|\.\\"|=for comment)?\s*\S[^:]*(?: - |: )\S+ \S+/ && !/^\W*SPDX[^.]*$/ } @head;
	}
	return @bad;
}

sub space_faults {
	my ($tree, @files) = @_;
	my @bad;
	for my $f (@files) {
		my $t = text("$tree/$f");
		push @bad, "$f: white space at the end of a line" if $t =~ /[ \t]$/m;
		push @bad, "$f: no newline at the end" if length $t && $t !~ /\n\z/;
		push @bad, "$f: CR" if $t =~ /\r\n/;
	}
	return @bad;
}

# Paths of somebody's machine, promises instead of work. Written so that this file is clean.
my $word = join '|', '/' . 'work/', '/' . 'tmp/wt', 'shared' . '/(?:spec|anchors|sketch|DES)',
	'\b(?:FIX' . 'ME|XX' . 'X)\b', '\bTO' . 'DO\b\s*[:(]'; # TAP has a directive of that name

sub word_faults {
	my ($tree, @files) = @_;
	my @bad;
	for my $f (@files) {
		my $t = text("$tree/$f");
		push @bad, "$f: \"$1\" does not belong here" while $t =~ /($word)/g;
	}
	return @bad;
}

my %limit = (median => 14, p90 => 45, max => 60);

sub length_faults {
	my ($tree, @files) = @_;
	my @bad;
	my @all = grep { $_ =~ $code } @files;
	my @own = grep { $_ =~ $product } @all;
	my $cwd = getcwd();
	chdir $tree or die;
	my $counter = "$src/script/check-functions";
	$counter = "$cwd/$counter" unless $counter =~ /^\//;
	for (@all ? `'$counter' -v @all` : ()) {
		push @bad, "$2: $3() has $1 lines" if /^(\d+) (\S+:\d+) (\S+)$/ && $1 > $limit{max};
	}
	my ($sum) = @own ? grep { /^count/ } `'$counter' @own` : 'count 0 median 0 p90 0 max 0';
	chdir $cwd;
	for my $what (qw(median p90)) {
		push @bad, "$what of function lengths is $1" if $sum =~ /$what (\d+)/ && $1 > $limit{$what};
	}
	note($sum);
	return @bad;
}

# make hands a variable of its own to the environment of every test, where that had one of the name.
sub variable_faults {
	my ($tree, @files) = @_;
	my %read;
	for my $f (grep { /^t\/.*\.(?:c|t|pm)$/ } sources($src)) {
		$read{$_}++ for text("$src/$f") =~ /(?:ENV\{|(?:getenv|number)\(")([A-Z_]+)["}]/g;
	}
	my @bad;
	for my $f (grep { /\.mk$|^Makefile\.am$/ } @files) {
		my $t = text("$tree/$f");
		while ($t =~ /^([A-Z_]+)\s*=/mg) {
			push @bad, "$f: $1 is set here and read by a test: write \$(or \$($1),default)" if $read{$1};
		}
	}
	return @bad;
}

my %check = (
	'make variables'   => \&variable_faults,
	'clang-format'     => \&format_faults,
	'first lines'      => \&head_faults,
	'white space'      => \&space_faults,
	'words'            => \&word_faults,
	'function lengths' => \&length_faults,
);

my $has_format = `clang-format --version 2>/dev/null` =~ /version (\d+)/ ? $1 : 0;
my @names = grep { $has_format == 14 || $_ ne 'clang-format' } sort keys %check;
diag('clang-format 14 is not here: the format is not checked') if $has_format != 14;

my @files = sources($src);
cmp_ok(scalar(@files), '>', 20, 'sources were found');
for my $name (@names) {
	my @bad = $check{$name}->($src, @files);
	is(scalar(@bad), 0, $name) or diag(join "\n", map { chomp; $_ } @bad);
}

# The checks themselves: a clean file passes all, each plant is found by its own.
my $head = "/* SPDX-License-Identifier: MIT\n * core/x.c - an example for a check\n */\n";
my $func = sub { "static int f(int n)\n{\n" . "\tn++;\n" x $_[0] . "\treturn n;\n}\n" };

sub faults_of {
	my ($name, $path, $text) = @_;
	my $tree = tempdir(CLEANUP => 1);
	copy("$src/.clang-format", "$tree/.clang-format") or die $!;
	make_path(dirname("$tree/$path"));
	open my $out, '>:raw', "$tree/$path" or die $!;
	print $out $text;
	close $out;
	return scalar(() = $check{$name}->($tree, sources($tree)));
}

for my $name (@names) {
	is(faults_of($name, 'core/x.c', $head . $func->(5)), 0, "$name: a clean file passes");
}
my @plants = (
	['clang-format', $head . "static int f( int n )\n{\n\treturn n;\n}\n"],
	['clang-format', $head . "static int f(int n) {\n\treturn n;\n}\n"],
	['first lines', $func->(1)],
	['first lines', "/* SPDX-License-Identifier: MIT */\n" . $func->(1)],
	['first lines', "/* core/x.c - an example for a check */\n" . $func->(1)],
	['white space', $head . "int x; \n"],
	['white space', $head . 'int x;'],
	['words', $head . '/* see /' . "work/notes */\n"],
	['words', $head . '/* TO' . "DO: later */\n"],
	['function lengths', $head . $func->(58)],
	['function lengths', $head . $func->(44)],
	['function lengths', $head . $func->(12)],
);
for my $p (@plants) {
	my ($name, $text) = @$p;
	next unless grep { $_ eq $name } @names;
	cmp_ok(faults_of($name, 'core/x.c', $text), '>', 0, "$name: a planted fault is found");
}
cmp_ok(faults_of('make variables', 't/x.mk', "# t/x.mk: x\nKILLS = 3\n"), '>', 0, 'make variables: a planted fault is found');
is(faults_of('function lengths', 'core/x.c', $head . $func->(1) . join('', map { $func->(1) } 1 .. 20) . $func->(57)),
	0, 'function lengths: one of 60 lines among short ones is allowed');
done_testing();
