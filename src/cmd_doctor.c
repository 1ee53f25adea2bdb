#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "src/cmd.h"
#include "src/lab/doctor.h"

static const struct {
	const char *heading, *json;
} parts[] = {
	[DOCTOR_MACHINE] = { "This machine", "machine" },
	[DOCTOR_STEP] = { "Building a lab", "step" },
	[DOCTOR_WAY] = { "Ways to work, best first", "way" },
};

static void print_row(const struct doctor_row *r)
{
	const char *verdict = r->part == DOCTOR_MACHINE ? "   " : r->works ? "yes" : "no ";

	printf("  %s  %-34s %s\n", verdict, r->name, r->text);
	if (r->fix[0])
		printf("       %-34s to change it: %s\n", "", r->fix);
}

static void print_table(const struct doctor *d)
{
	for (enum doctor_part part = DOCTOR_MACHINE; part <= DOCTOR_WAY; part++) {
		printf("%s%s\n", part ? "\n" : "", parts[part].heading);
		for (size_t i = 0; i < d->rows; i++)
			if (d->row[i].part == part)
				print_row(&d->row[i]);
	}
}

static int print_json(const struct doctor *d)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < d->rows; i++) {
		const struct doctor_row *r = &d->row[i];

		json_array_append_new(rows, json_pack("{s:s, s:s, s:b, s:s, s:s}", "part",
						      parts[r->part].json, "name", r->name, "works",
						      r->works, "text", r->text, "fix", r->fix));
	}
	json_t *all = json_pack("{s:i, s:o}", "best_way", d->way, "rows", rows);
	int failed = !all || json_dumpf(all, stdout, JSON_INDENT(1)) || putchar('\n') == EOF;

	json_decref(all);
	return failed ? -1 : 0;
}

int cmd_doctor(int argc, char **argv)
{
	struct doctor d;
	int json = 0;
	const struct cmd_option options[] = { { "--json", NULL, &json } };
	size_t rest = 0;
	struct err e = { 0 };
	int r = cmd_options(argc, argv, options, 1, NULL, &rest);

	if (r)
		return r > 0 ? EXIT_OK : EXIT_CANNOT;
	if (doctor_examine(&d, &e))
		return cmd_error(&e, EXIT_CANNOT);
	if (!json)
		print_table(&d);
	else if (print_json(&d))
		return EXIT_FAILED;
	/* 77, as `play` says it, where no lab can be built. */
	return d.way <= 2 ? EXIT_OK : EXIT_LACKING;
}
