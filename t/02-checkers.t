#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# t/02-checkers.t - a planted leak, overflow or race turns the valgrind and sanitizer runs red
use strict;
use warnings;
use Test::More;
use File::Temp qw(tempdir);

my $src   = $ENV{TN_SRCDIR}   // '.';
my $build = $ENV{TN_BUILDDIR} // '.';
my $cc    = $ENV{TN_CC}       // 'cc';
my $dir   = tempdir(CLEANUP => 1);

my %body = (
	clean    => 'char *volatile p = malloc(16); p[0] = 1; free(p); return 0;',
	leak     => 'char *volatile p = malloc(16); p[0] = 1; p = NULL; return p != NULL;',
	overflow => 'char *volatile p = malloc(16); volatile int i = 16; p[i] = 1; free(p); return 0;',
	race      => 'pthread_t t; pthread_create(&t, NULL, add, NULL); add(NULL); pthread_join(t, NULL); return 0;',
	locked    => 'pthread_t t; pthread_create(&t, NULL, add_locked, NULL); add_locked(NULL); pthread_join(t, NULL); return 0;',
	undefined => 'volatile int i = 2147483647; i = i + argc; return i == 0;',
);

my $threads = <<'END';
#include <pthread.h>
static int count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *add(void *p) { for (int i = 0; i < 1000; i++) count++; return p; }
static void *add_locked(void *p)
{
	for (int i = 0; i < 1000; i++) {
		pthread_mutex_lock(&lock);
		count++;
		pthread_mutex_unlock(&lock);
	}
	return p;
}
END

sub compile {
	my ($name, @flags) = @_;
	open my $out, '>', "$dir/$name.c" or die $!;
	print $out "#include <stdlib.h>\n$threads\nint main(int argc, char **argv)\n{\n(void)argc; (void)argv;\n$body{$name}\n}\n";
	close $out;
	# -w: gcc sees some of the plants by itself.
	system("$cc -w -g -O0 @flags -o '$dir/$name' '$dir/$name.c' >'$dir/cc.log' 2>&1") == 0
		or BAIL_OUT("cannot compile with $cc @flags");
	return "$dir/$name";
}

sub run {
	my ($command) = @_;
	system("$command >'$dir/out' 2>&1");
	return $? & 127 ? 128 + ($? & 127) : $? >> 8;
}

# The commands that make check-valgrind uses are read from the makefile itself.
# An outer make's flags would make this one talk of directories and job servers.
delete local @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL)};
my $valgrind = `make --no-print-directory -s -C '$build' print-valgrind 2>/dev/null`;
$valgrind = (split /\n/, $valgrind)[-1] // '';
SKIP: {
	skip 'no valgrind here', 4 unless $valgrind && `valgrind --version 2>/dev/null`;
	skip 'built with sanitizers', 4 if $ENV{TN_SANITIZED};
	skip 'no libtool in the build tree', 4 unless -x "$build/libtool";
	local $ENV{TN_VALGRIND} = $valgrind;
	is(run("'$src/script/under-valgrind' " . compile('clean')),    0,  'valgrind: a clean program is green');
	is(run("'$src/script/under-valgrind' " . compile('leak')),     99, 'valgrind: a leak is red');
	is(run("'$src/script/under-valgrind' " . compile('overflow')), 99, 'valgrind: an overflow is red');
	# A daemon of a Perl test is a child of a child.
	my $leak = compile('leak');
	is(run("$valgrind sh -c '$leak; exit \$?'"), 99, 'valgrind: a leak of a child is red');
}

SKIP: {
	my @flags = grep { /^-f(?:no-)?sanitize/ } split ' ', `sed -n 's/.*\\(-fsanitize=[^"]*\\)/\\1/p' '$src/configure.ac' | head -n 1`;
	skip 'no sanitizers with this compiler', 5
		if system("echo 'int main(void){return 0;}' | $cc @flags -x c -o '$dir/try' - >/dev/null 2>&1") != 0;
	cmp_ok(scalar(@flags), '>=', 2, "the flags of --enable-sanitizers: @flags");
	is(run(compile('clean', @flags)), 0, 'sanitizers: a clean program is green');
	isnt(run(compile($_, @flags)), 0, "sanitizers: $_ is red") for qw(leak overflow undefined);
}
SKIP: {
	my @flags = grep { /^-fsanitize=thread/ } split ' ', `sed -n 's/.*\\(-fsanitize=thread[^"]*\\)/\\1/p' '$src/configure.ac' | head -n 1`;
	skip 'no ThreadSanitizer with this compiler', 3
		if system("echo 'int main(void){return 0;}' | $cc @flags -x c -o '$dir/try' - >/dev/null 2>&1 && '$dir/try'") != 0;
	local $ENV{TSAN_OPTIONS} = 'halt_on_error=1 exitcode=99';
	is(scalar(@flags), 1, "the flag of --enable-tsan: @flags");
	is(run(compile('locked', @flags)), 0, 'ThreadSanitizer: a clean program is green');
	is(run(compile('race', @flags)), 99, 'ThreadSanitizer: a race is red');
}
done_testing();
