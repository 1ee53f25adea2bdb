/*
 * parse_command: reads the arguments of each command of the table (command.c) into the line.  Those of the
 * wire are in parse_wire.c, that of `set` in parse_set.c.
 */
#ifndef SOCKLENS_PARSE_COMMAND_H
#define SOCKLENS_PARSE_COMMAND_H

struct parser;

int parse_delay(struct parser *p);
int parse_hold(struct parser *p);
int parse_release(struct parser *p);
int parse_edit(struct parser *p);	/* behind "with" */
int parse_drop(struct parser *p);
int parse_dup(struct parser *p);
int parse_cut(struct parser *p);
int parse_mend(struct parser *p);
int parse_off(struct parser *p);
int parse_loss(struct parser *p);
int parse_duplicate(struct parser *p);
int parse_reorder(struct parser *p);
int parse_corrupt(struct parser *p);
int parse_mark(struct parser *p);
int parse_rate(struct parser *p);
int parse_mtu(struct parser *p);
int parse_inject(struct parser *p);
int parse_seed(struct parser *p);
int parse_patient(struct parser *p);
int parse_arp(struct parser *p);
int parse_rules(struct parser *p);

int parse_interrupt(struct parser *p);
int parse_kill(struct parser *p);
int parse_thread(struct parser *p);
int parse_program(struct parser *p);
int parse_run(struct parser *p);
int parse_input(struct parser *p);
int parse_typed(struct parser *p);	/* behind "NAME<" */

int parse_file_name(struct parser *p);
int parse_free_text(struct parser *p);
int parse_ask(struct parser *p);
int parse_expect(struct parser *p);
int parse_wait(struct parser *p);
int parse_loopback(struct parser *p);
int parse_needs(struct parser *p);

int parse_set(struct parser *p);

#endif
