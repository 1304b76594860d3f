/* SPDX-License-Identifier: MIT
 * t/40-ctl-request.c - control requests: what is refused and how, what the core's rows say
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/ctlbed.h"

#define SECOND UINT64_C(1000000)

static const struct bad {
	const char *line;
	int code;
	const char *id, *says;
} bads[] = {
	{ "", -10, "null", "ends too early" },
	{ "{", -10, "null", "ends too early" },
	{ "{\"id\":1,\"cmd\":\"status\"", -10, "null", "ends too early" },
	{ "status", -10, "null", "bad JSON" },
	{ "{'cmd':'status'}", -10, "null", "bad JSON" },
	{ "{\"cmd\":\"status\"} {}", -10, "null", "bad JSON" },
	{ "{\"cmd\":\"status\xff\"}", -10, "null", "bad JSON" },
	{ "[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]", -10, "null", "bad JSON" },
	{ "[1]", -10, "null", "object" },
	{ "\"status\"", -10, "null", "object" },
	{ "{\"id\":{},\"cmd\":\"status\"}", -4, "null", "\"id\"" },
	{ "{\"id\":1.5,\"cmd\":\"status\"}", -4, "null", "\"id\"" },
	{ "{\"id\":3}", -4, "3", "\"cmd\"" },
	{ "{\"id\":3,\"cmd\":5}", -4, "3", "\"cmd\"" },
	{ "{\"id\":\"a\\\"b\",\"cmd\":\"nowhere-near\"}", -5, "\"a\\\"b\"", "help lists them" },
	{ "{\"id\":18446744073709551615,\"cmd\":\"stauts\"}", -5, "18446744073709551615",
	  "do you mean \"status\"?" },
	{ "{\"id\":-1,\"cmd\":\"mani\"}", -5, "-1", "do you mean \"many\"?" },
	{ "{\"id\":1,\"cmd\":\"status\",\"arg\":{}}", -4, "1", "unknown member \"arg\"" },
	{ "{\"id\":1,\"cmd\":\"status\",\"args\":[]}", -4, "1", "\"args\"" },
	{ "{\"id\":1,\"cmd\":\"status\",\"args\":{\"x\":1}}", -4, "1", "takes no argument" },
	{ "{\"id\":1,\"cmd\":\"why\"}", -4, "1", "needs \"ip\"" },
	{ "{\"id\":1,\"cmd\":\"why\",\"args\":{\"IP\":\"::1\"}}", -4, "1", "unknown argument" },
	{ "{\"id\":1,\"cmd\":\"why\",\"args\":{\"ipp\":\"::1\"}}", -4, "1", "mean \"ip\"?" },
	{ "{\"id\":1,\"cmd\":\"why\",\"args\":{\"ip\":5}}", -4, "1", "is a text" },
	{ "{\"id\":1,\"cmd\":\"why\",\"args\":{\"ip\":\"::1\\u0000x\"}}", -4, "1", "NUL" },
	{ "{\"id\":1,\"cmd\":\"why\",\"args\":{\"ip\":\"host\"}}", -4, "1", "no address" },
	{ "{\"id\":1,\"cmd\":\"why\",\"args\":{\"ip\":\"9.9.9.9\"}}", -5, "1", "never heard" },
	{ "{\"id\":1,\"cmd\":\"fail\",\"args\":{\"x\":1}}", -4, "1", "takes no arguments" },
	{ "{\"id\":1,\"cmd\":\"loglevel\",\"args\":{\"level\":\"loud\"}}", -4, "1", "debug" },
	{ "{\"id\":1,\"cmd\":\"loglevel\",\"args\":{\"subsystem\":\"net\"}}", -4, "1",
	  "\"level\"" },
	{ "{\"id\":1,\"cmd\":\"loglevel\",\"args\":{\"subsystem\":\"netz\",\"level\":\"info\"}}",
	  -5, "1", "mean \"net\"?" },
	{ "{\"id\":1,\"cmd\":\"loglevel\",\"args\":{\"subsystem\":\"zz\",\"level\":\"info\"}}", -5,
	  "1", "loaded plugins" },
	{ "{\"id\":1,\"cmd\":\"addnode\",\"args\":{\"addr\":\"x\"}}", -4, "1", "no address" },
	{ "{\"id\":1,\"cmd\":\"ban\",\"args\":{\"addr\":\"10.0.0.1/8\"}}", -4, "1", "host bits" },
	{ "{\"id\":1,\"cmd\":\"ban\",\"args\":{\"addr\":\"9.9.9.9\",\"duration\":\"3600\"}}", -4,
	  "1", "no duration" },
	{ "{\"id\":1,\"cmd\":\"ban\",\"args\":{\"addr\":\"9.9.9.9\",\"duration\":\"10ms\"}}", -4,
	  "1", "1 second" },
	{ "{\"id\":1,\"cmd\":\"unban\",\"args\":{\"addr\":\"9.9.9.9\"}}", -5, "1", "banlist" },
	{ "{\"id\":1,\"cmd\":\"plugin\",\"args\":{\"action\":\"lode\",\"name\":\"x\"}}", -4, "1",
	  "load, unload and upgrade" },
	{ "{\"id\":1,\"cmd\":\"plugin\",\"args\":{\"action\":\"unload\",\"name\":\"x\"}}", -5, "1",
	  "x" },
	{ "{\"id\":1,\"cmd\":\"help\",\"args\":{\"command\":\"x\"}}", -5, "1", "unknown command" },
};

static void refusals(struct bed *b)
{
	struct answer a = { 0 };
	json_object *id = NULL;

	for (size_t i = 0; i < sizeof bads / sizeof *bads; i++) {
		is_int(bed_ask(b, &a, bads[i].line), bads[i].code, "code of %s", bads[i].line);
		ok(a.n == 1 && strstr(answer_error(&a), bads[i].says), "one line, says %s: %s",
		   bads[i].says, answer_error(&a));
		ok(a.n && json_object_object_get_ex(a.line[0], "id", &id), "it has an id");
		is_str(json_object_to_json_string_ext(id, JSON_C_TO_STRING_PLAIN), bads[i].id,
		       "which is that of the request");
	}
	answer_clear(&a);
}

static void long_lines(struct bed *b)
{
	struct answer a = { 0 };
	char *line = malloc(70000);
	int head = sprintf(line, "{\"cmd\":\"echo\",\"args\":{\"text\":\"");

	memset(line + head, 'y', 70000 - (size_t)head);
	strcpy(line + 65536 - 3, "\"}}");
	is_int(bed_ask(b, &a, line), 0, "65536 bytes are a request");
	is_uint(strlen(answer_text(&a, 0, "text")), 65536u - 3 - (unsigned)head,
		"none of them is lost");
	strcpy(line + 65537 - 3, "\"}}");
	is_int(bed_ask(b, &a, line), -4, "one more is too many");
	answer_clear(&a);
	free(line);
}

/* The keys of a row in their order, comma separated. */
static const char *keys(const struct answer *a, unsigned i, char buf[1024])
{
	json_object *row = NULL;

	buf[0] = '\0';
	if (i < a->n && json_object_object_get_ex(a->line[i], "row", &row)) {
		json_object_object_foreach(row, key, v)
		{
			(void)v;
			strcat(buf, key);
			strcat(buf, ",");
		}
	}
	return buf;
}

static void begins(const struct answer *a, unsigned i, const char *want, const char *what)
{
	char buf[1024];

	keys(a, i, buf);
	ok(strncmp(buf, want, strlen(want)) == 0, "%s: %s leads %s", what, want, buf);
}

static void plugin_commands(struct bed *b)
{
	struct answer a = { 0 };

	is_int(bed_ask(b, &a,
		       "{\"id\":9,\"cmd\":\"echo\",\"args\":{\"n\":18446744073709551615,"
		       "\"text\":\"a\\u00e9\\\"/\\n\"}}"),
	       0, "a plugin's command runs");
	is_str(answer_text(&a, 0, "n"), "18446744073709551615", "numbers come through whole");
	is_str(answer_text(&a, 0, "text"), "a\xc3\xa9\"/\n", "so do texts");
	is_int(bed_ask(b, &a, "{\"id\":9,\"cmd\":\"fail\"}"), -3, "an error after a row");
	is_uint(a.n, 2, "the row comes, then the error");
	is_str(answer_error(&a), "not \"now\"", "in the plugin's own words");
	is_int(bed_ask(b, &a, "{\"id\":9,\"cmd\":\"echo\",\"args\":{\"n\":-1}}"), -10,
	       "arguments that its schema refuses");
	is_str(answer_error(&a), "echo {\"n\":-1}: not an integer in range at byte 5",
	       "with the command and what it was given");
	is_int(bed_ask(b, &a, "{\"id\":9,\"cmd\":\"echo\",\"args\":{\"txet\":\"a\"}}"), -4,
	       "a misspelled argument is not dropped");
	is_str(answer_error(&a), "echo: unknown argument \"txet\", do you mean \"text\"?",
	       "but named, with the one that is near");

	is_int(bed_ask(b, &a, "{\"id\":9,\"cmd\":\"later\",\"args\":{\"ms\":3000}}"), 0,
	       "an answer that comes later");
	is_int(answer_int(&a, 0, "n"), 7, "its row is there");
	is_int(bed_ask(b, &a, "{\"cmd\":\"later\",\"args\":{\"ms\":10,\"code\":-7}}"), -7,
	       "a late error");
	is_str(answer_error(&a), "it went wrong", "with its text");
	answer_clear(&a);
}

static void held_are_bounded(struct bed *b)
{
	struct answer held[64], more = { 0 };
	unsigned good = 0;

	memset(held, 0, sizeof held);
	for (unsigned i = 0; i < 64; i++)
		node_command(b->node, "{\"cmd\":\"later\",\"args\":{\"ms\":1000}}", answer_add,
			     &held[i]);
	is_int(bed_ask(b, &more, "{\"cmd\":\"later\",\"args\":{\"ms\":1}}"), -2,
	       "the 65th command that waits is refused");
	is_int(bed_ask(b, &more, "{\"cmd\":\"status\"}"), 0, "the core's own still run");
	world_run(b->world, world_now(b->world) + 2 * SECOND);
	for (unsigned i = 0; i < 64; i++)
		good += answer_code(&held[i]) == 0 && held[i].n == 2;
	is_uint(good, 64, "each of the 64 had its row and its end");
	is_int(bed_ask(b, &more, "{\"cmd\":\"later\",\"args\":{\"ms\":1}}"), 0, "room again");
	for (unsigned i = 0; i < 64; i++)
		answer_clear(&held[i]);
	answer_clear(&more);
}

static void status(struct bed *b)
{
	struct answer a = { 0 };

	is_int(bed_ask(b, &a, "{\"cmd\":\"status\"}"), 0, "status");
	begins(&a, 0,
	       "version,network,node_id,uptime_s,listen,local_ip,in,out,masternodes,legacy,"
	       "plugins,audit,dials,",
	       "status");
	is_str(answer_text(&a, 0, "version"), "9.8", "the version is the agent's");
	is_str(answer_text(&a, 0, "network"), "private", "the network");
	is_str(answer_text(&a, 0, "listen"), "127.0.0.1:24200", "where it listens");
	is_str(answer_text(&a, 0, "plugins"), "tester", "its plugins");
	is_str(answer_text(&a, 0, "audit"), "ok", "the audit");
	is_int(answer_int(&a, 0, "out") + answer_int(&a, 0, "in"), 1, "one session");

	is_int(bed_ask(b, &a, "{\"cmd\":\"plugins\"}"), 0, "plugins");
	begins(&a, 0, "name,version,state,path,messages,needs,", "plugins");
	is_str(answer_text(&a, 0, "version"), "1.2", "the plugin's version");
	is_str(answer_text(&a, 0, "state"), "running", "its state");
	answer_clear(&a);
}

static void peers(struct bed *b)
{
	struct answer a = { 0 };
	unsigned n;

	is_int(bed_ask(b, &a, "{\"cmd\":\"peers\"}"), 0, "peers");
	is_uint(a.n, 2, "one session, one end");
	begins(&a, 0, "ip,port,dir,state,up_s,rtt_us,queued,agent,node_id,legacy,", "peers");
	is_str(answer_text(&a, 0, "ip"), "127.0.0.2", "its address");
	is_int(answer_int(&a, 0, "port"), 24200, "its port");
	is_str(answer_text(&a, 0, "dir"), "out", "we dialed: we are the lower");
	is_str(answer_text(&a, 0, "state"), "up", "it is up");
	ok(answer_int(&a, 0, "up_s") >= 3, "since a while");
	is_str(answer_text(&a, 0, "agent"), "o\"th\\x5cer/1",
	       "an agent's odd characters do no harm");
	ok(json_object_get_boolean(answer_row(&a, 0, "primary")), "it is the primary session");

	is_int(bed_ask(b, &a, "{\"cmd\":\"why\",\"args\":{\"ip\":\"127.0.0.2\"}}"), 0, "why");
	begins(&a, 0, "ip,state,rule,next_dial_s,", "why");
	is_str(answer_text(&a, 0, "rule"), "we have lower IP", "the rule");
	ok(answer_row(&a, 0, "next_dial_s") == NULL, "no dial is due");
	begins(&a, 1, "at,from,to,reason,", "history");
	n = a.n - 2;
	is_str(answer_text(&a, n, "to"), "up", "its history ends with up");
	is_str(answer_text(&a, 1, "from"), "idle", "and begins with idle");
	answer_clear(&a);
}

/* Every row must balance by its own numbers, not only say that it does. */
static void audit(struct bed *b)
{
	struct answer a = { 0 };
	int64_t ins = 0, outs = 0, wrong = 0;

	is_int(bed_ask(b, &a, "{\"cmd\":\"audit\"}"), 0, "audit");
	begins(&a, 0, "ip,dir,message,received,handled,refused,unknown,malformed,waiting,off_by,",
	       "audit in");
	begins(&a, a.n - 2, "ip,dir,message,offered,sent,refused,discarded,queued,off_by,",
	       "audit out");
	for (unsigned i = 0; i + 1 < a.n; i++) {
		bool in = answer_row(&a, i, "received");
		int64_t left = in ? answer_int(&a, i, "received") - answer_int(&a, i, "handled") -
					       answer_int(&a, i, "unknown") -
					       answer_int(&a, i, "malformed") -
					       answer_int(&a, i, "waiting")
				  : answer_int(&a, i, "offered") - answer_int(&a, i, "sent") -
					       answer_int(&a, i, "discarded") -
					       answer_int(&a, i, "queued");

		json_object_object_foreach(answer_row(&a, i, "refused"), reason, count)
		{
			ok(*reason, "a refusal has its reason");
			left -= json_object_get_int64(count);
		}
		*(in ? &ins : &outs) += 1;
		wrong += left != answer_int(&a, i, "off_by") || left != 0;
	}
	ok(ins >= 1 && outs >= 1, "messages went both ways");
	is_int(wrong, 0, "every row balances");
	answer_clear(&a);
}

static void help(struct bed *b)
{
	static const char *const all[] = { "status",  "stop",      "reload", "record",  "loglevel",
					   "plugins", "plugin",    "peers",  "addnode", "ban",
					   "unban",   "banlist",   "why",    "audit",   "help",
					   "echo",    "later",     "many",   "fail",    "messages",
					   "metrics", "disconnect" };
	struct answer a = { 0 };

	is_int(bed_ask(b, &a, "{\"cmd\":\"help\"}"), 0, "help");
	is_uint(a.n, 23, "22 commands");
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		bool found = false;

		for (unsigned k = 0; k < a.n; k++)
			found |= strcmp(answer_text(&a, k, "command"), all[i]) == 0 &&
				 *answer_text(&a, k, "help");
		ok(found, "help knows %s", all[i]);
	}
	is_int(bed_ask(b, &a, "{\"cmd\":\"help\",\"args\":{\"command\":\"many\"}}"), 0,
	       "help many");
	is_str(answer_text(&a, 0, "plugin"), "tester", "names the plugin");
	answer_clear(&a);
}

static void bans(struct bed *b)
{
	struct answer a = { 0 };

	is_int(bed_ask(b, &a,
		       "{\"cmd\":\"ban\",\"args\":{\"addr\":\"127.0.0.2\",\"duration\":\"2h\","
		       "\"reason\":\"a \\u001b[1m test\"}}"),
	       0, "ban");
	world_run(b->world, world_now(b->world) + 5 * SECOND);
	is_int(bed_ask(b, &a, "{\"cmd\":\"peers\"}"), 0, "peers");
	is_uint(a.n, 1, "its session was closed");
	is_int(bed_ask(b, &a, "{\"cmd\":\"banlist\"}"), 0, "banlist");
	is_uint(a.n, 2, "one ban");
	begins(&a, 0, "ip,until,points,why,", "banlist");
	is_str(answer_text(&a, 0, "ip"), "127.0.0.2", "its address");
	is_str(answer_text(&a, 0, "why"), "a \\x1b[1m test", "its reason, made harmless");
	ok(strncmp(answer_text(&a, 0, "until"), "2026-01-01T02:00", 16) == 0, "until when: %s",
	   answer_text(&a, 0, "until"));
	is_int(bed_ask(b, &a, "{\"cmd\":\"why\",\"args\":{\"ip\":\"127.0.0.2\"}}"), 0, "why");
	is_str(answer_text(&a, 0, "state"), "banned", "says so first");
	is_int(bed_ask(b, &a, "{\"cmd\":\"audit\"}"), 0, "audit");
	is_str(answer_text(&a, 0, "session"), "ended", "the account of an ended session is kept");
	is_int(bed_ask(b, &a, "{\"cmd\":\"unban\",\"args\":{\"addr\":\"127.0.0.2\"}}"), 0, "unban");
	is_int(bed_ask(b, &a, "{\"cmd\":\"banlist\"}"), 0, "banlist");
	is_uint(a.n, 1, "is empty again");
	is_int(bed_ask(b, &a, "{\"cmd\":\"ban\",\"args\":{\"addr\":\"10.0.0.0/8\"}}"), 0,
	       "a subnet");
	bed_ask(b, &a, "{\"cmd\":\"banlist\"}");
	is_str(answer_text(&a, 0, "ip"), "10.0.0.0/8", "is listed as one");
	answer_clear(&a);
}

static void operators(struct bed *b)
{
	struct bed_grep g = { "ctl Operator: addnode", 0 };
	struct answer a = { 0 };

	bed_grep(b, &g);
	is_int(bed_ask(b, &a, "{\"cmd\":\"addnode\",\"args\":{\"addr\":\"127.0.0.3\"}}"), 0,
	       "addnode");
	is_uint(g.n, 1, "a change by the operator is logged");
	is_int(bed_ask(b, &a, "{\"cmd\":\"why\",\"args\":{\"ip\":\"127.0.0.3\"}}"), 0,
	       "the address is known");
	is_str(answer_text(&a, 0, "kind"), "manual", "as a manual one");
	is_int(bed_ask(b, &a,
		       "{\"cmd\":\"loglevel\",\"args\":{\"subsystem\":\"ctl\",\"level\":\"warn\"}}"),
	       0, "loglevel");
	bed_ask(b, &a, "{\"cmd\":\"addnode\",\"args\":{\"addr\":\"127.0.0.3\"}}");
	is_uint(g.n, 1, "and the log is quieter");
	bed_grep(b, NULL);
	answer_clear(&a);
}

static void stop(struct bed *b)
{
	struct answer a = { 0 };

	node_command(b->node, "{\"id\":1,\"cmd\":\"stop\"}", answer_add, &a);
	is_int(answer_code(&a), 0, "stop is answered");
	ok(!b->quit, "before the node is ended");
	world_run(b->world, world_now(b->world) + SECOND);
	ok(b->quit, "and then it is");
	answer_clear(&a);
}

int main(void)
{
	struct world *w = world_create(40);
	struct bed one, two;
	struct answer a = { 0 };

	bed_open(&two, w, "127.0.0.2", "", "o\"th\\er/1");
	bed_open(&one, w, "127.0.0.1", "connect = [ \"127.0.0.2\" ];", "timenode/9.8");
	world_run(w, world_now(w) + 5 * SECOND);
	refusals(&one);
	long_lines(&one);
	plugin_commands(&one);
	held_are_bounded(&one);
	status(&one);
	peers(&one);
	audit(&one);
	help(&one);
	bans(&one);
	operators(&one);
	stop(&one);

	node_command(two.node, "{\"id\":5,\"cmd\":\"later\",\"args\":{\"ms\":500}}", answer_add,
		     &a);
	bed_close(&one);
	bed_close(&two);
	is_int(answer_code(&a), -1, "a held command ends with the node");
	answer_clear(&a);
	world_free(w);
	return done_testing();
}
