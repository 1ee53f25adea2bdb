#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/cmd.h"
#include "src/lab/program.h"
#include "src/lab/tracer.h"

/* clang-format off */
const struct cmd cmds[] = {
	{ "lab", "[lab] [-w FILE]", "the lab on the screen: a client, a server, a wire to play with",
	  "  -w FILE       record to FILE (pcapng), which must not exist yet\n"
	  "  --loopback    both programs on one host, with lo between them (127.0.0.1); nothing can be held there\n"
	  "  --theme NAME  dark, light, mono; projector, blackboard, ink\n"
	  "  --ascii       draw with ASCII characters only\n"
	  "  --present     for a projector: large, strong, one thing at a time (P ends that)\n"
	  "Example: socklens lab -w first.pcapng\n",
	  cmd_lab },
	{ "lesson", "lesson [NAME]", "the lessons to choose from; one of them",
	  "Without NAME: a menu, which knows what was done; a list where standard output is no terminal.\n"
	  "  -w FILE       record to FILE\n"
	  "  --theme, --ascii, --present as in lab\n"
	  "Example: socklens lesson handshake\n",
	  cmd_lesson },
	{ "run", "run [--server CMD] [--client CMD] [-- CMD]", "your own programs in the lab, each of their socket calls beside its packets",
	  "  --server CMD  runs on the host server; the clients start when it listens\n"
	  "  --client CMD  runs on the host client; both may come several times\n"
	  "  -- CMD …      one more program, or one alone: then on one host, as on your own machine\n"
	  "  --on HOST     where that runs: client (default) or server\n"
	  "  --loopback    all on one host, for programs that say localhost; its wire cannot be held\n"
	  "  --no-wait     start all at once\n"
	  "  --text        no screen: write the ladder as it happens (also where standard output is no terminal)\n"
	  "  --for TIME    with --text: end after this time (10s, 500ms)\n"
	  "  --pid N       no lab: a process that runs already, by its number; it is let go at the end\n"
	  "  -w FILE       record to FILE\n"
	  "  --theme, --ascii, --present as in lab\n"
	  "With --text the run is over when the clients have ended and the wire is quiet; what still runs is ended.\n"
	  "Exit status: the client's, 128 and a signal's number where one killed it; 127 a command is not found,\n"
	  "126 it cannot be executed; 2 cannot run (a server never listened, an error of ours), 77 no lab here.\n"
	  "Example: socklens run --server 'python3 server.py' --client 'python3 client.py'\n"
	  "Example: socklens run --text -- curl http://localhost:8080/\n",
	  cmd_run },
	{ "play", "play FILE.lab", "run a lab file, or a lesson by its name, without a screen",
	  "  -w FILE       record to FILE\n"
	  "  --quiet       print nothing but what went wrong\n"
	  "  --keep-going  do not stop at the first expectation that does not hold: judge each\n"
	  "  --json        one object: result, expectations, held, failures (line, reason), questions\n"
	  "Exit status: 0 every expectation held; 1 one did not; 2 it cannot run; 77 this machine lacks something;\n"
	  "128 and a signal's number where one stopped it (the recording is whole up to there).\n"
	  "Example: socklens play -w trace.pcapng exercise.lab\n",
	  cmd_play },
	{ "quiz", "quiz LESSON|FILE", "a sheet of questions for paper, made of a lesson, a lab file or a recording",
	  "  --seed N      another sheet; the same number asks for the same things (default: 1)\n"
	  "  --blanks N    so many blanks beside the file's own questions (default: 10)\n"
	  "  --shuffle     packets to be put in order, instead of blanks\n"
	  "  --answers KEY write the key to KEY, for grade\n"
	  "  -o FILE       write the sheet to FILE; neither may exist yet\n"
	  "  --ascii       ASCII characters only\n"
	  "A lesson or a lab file is played for it: exit status as of play.\n"
	  "Example: socklens quiz handshake --seed 7 --answers handshake.key -o handshake.txt\n",
	  cmd_quiz },
	{ "grade", "grade KEY ANSWERS|-", "mark answers with the key of a sheet",
	  "ANSWERS: lines such as \"3: SYN ACK\"; the sheet itself, if its form is filled in; - for standard input.\n"
	  "  --json        one object: points, total, answers (number, kind, given, right, truth, why)\n"
	  "Exit status: 0 all are right; 1 not all; 2 the key or the answers cannot be read.\n"
	  "Example: socklens grade handshake.key mine.txt\n",
	  cmd_grade },
	{ "open", "open FILE|- [FILTER]", "a trace or a capture on the screen",
	  "FILE: pcap or pcapng, also compressed (gzip, zstd, lz4); - for standard input.\n"
	  "FILTER: only packets that match, as in pcap-filter(7); f changes it.\n"
	  "  --unpack SIZE unpack a compressed file up to this size (20G), whatever its ratio\n"
	  "  --analysis V  the rules of Wireshark 4.0, 4.4 or 4.6 (default: the newest)\n"
	  "  --theme, --ascii, --present as in lab\n"
	  "Example: socklens open first.pcapng\n"
	  "Example: socklens open big.pcap 'tcp port 443 and host 192.0.2.1'\n"
	  "Example: ssh host tcpdump -U -w - | socklens open -\n",
	  cmd_open },
	{ "show", "show FILE|- [FILTER]", "the same as text on standard output",
	  "  --to FORMAT   text (the ladder), json (--json for short; one object a line), csv, pcap, pcapng\n"
	  "  --fields LIST of packets these fields, with tabs between, under tshark's names; \"list\" lists them\n"
	  "  --summary     the totals alone: packets, connections, verdicts (with --json: one object)\n"
	  "  -o FILE       write to FILE, which must not exist yet\n"
	  "  --view HOST   what a capture at that host would hold: client, server, or an address\n"
	  "  --conn N,N    only these connections, by our numbers; --stream N,N: by tcp.stream\n"
	  "  --filter EXPR only packets that match, as in pcap-filter(7); the same as FILTER\n"
	  "  --analysis V  the rules of Wireshark 4.0, 4.4 or 4.6 (default: the newest)\n"
	  "  --width N     columns of the ladder (default: the terminal's, or 100)\n"
	  "  --ascii       ASCII characters only\n"
	  "  --unpack SIZE as in open\n"
	  "Example: socklens show --json first.pcapng | jq .kind\n"
	  "Example: socklens show --fields frame.number,ip.src,tcp.analysis.flags big.pcap tcp port 443\n",
	  cmd_show },
	{ "doctor", "doctor", "what works on this machine, and how to get the rest",
	  "  --json        the same for programs\n"
	  "Example: socklens doctor\n",
	  cmd_doctor },
	{ "help", "help [COMMAND]", "this list, or a command's options", "", cmd_help },
};
/* clang-format on */
const size_t cmds_count = sizeof(cmds) / sizeof(cmds[0]);

static const struct cmd *cmd_find(const char *name)
{
	for (size_t i = 0; i < cmds_count; i++)
		if (!strcmp(cmds[i].name, name))
			return &cmds[i];
	return NULL;
}

/* A descriptor that is free at 0, 1 or 2 would be taken by a recording or a socket, and messages go into it. */
static void take_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* What did not reach standard output is a failure, even if everything else went well. */
static int finish(int code)
{
	struct err e = { 0 };

	if (!ferror(stdout) && !fflush(stdout))
		return code;
	if (code != EXIT_OK)
		return code;
	err_errno(&e, errno, NULL, "writing to standard output");
	return cmd_error(&e, EXIT_FAILED);
}

static int run(int argc, char **argv)
{
	char lab[] = "lab";
	const struct cmd *c;

	if (argc > 1 && !strcmp(argv[1], "--version"))
		return puts("socklens " SOCKLENS_VERSION), EXIT_OK;
	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return cmd_help(1, argv);
	if (argc < 2 || argv[1][0] == '-') {
		argv[0] = lab;
		return cmd_lab(argc, argv);
	}
	if (!(c = cmd_find(argv[1])))
		return cmd_unknown(argv[1]);
	return c->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	setlocale(LC_ALL, "");
	if (argc > 1 && !strcmp(argv[1], "program"))
		return program_main(argc, argv);
	if (argc > 1 && strcmp(argv[1], "tracer") == 0)
		return tracer_main(argc, argv);
	take_standard_descriptors();
	return finish(run(argc, argv));
}
