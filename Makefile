# socklens: `make run` sets everything up and opens the lab, `make check` sets everything up and tests it.
# `make help` lists the rest.

PREFIX ?= /usr/local
DESTDIR ?=
VERSION := 0.1.0
VARIANT ?= release
OUT := .build/$(VARIANT)

CC ?= cc
OPT_release := -O2
OPT_san := -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
OPT_tsan := -O1 -fsanitize=thread
OPT_fuzz := -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wswitch-enum \
	-Wwrite-strings -Wformat=2 -Wconversion -Wno-sign-conversion $(if $(CI),-Werror)
CFLAGS ?= -g
ALL_CFLAGS := -std=gnu11 -D_GNU_SOURCE -DSOCKLENS_VERSION='"$(VERSION)"' -I. -I$(OUT) -MMD -MP \
	$(WARN) $(OPT_$(VARIANT)) $(CFLAGS) -pthread
LIBS := -lpcap -lmnl -lseccomp -ljansson -lz -lzstd -llz4 -lncursesw -ltinfo -pthread

# The floors (src/README.md): each is an archive, and may use those to its right only.
SRC_core := $(wildcard src/core/*.c)
SRC_capture := $(filter-out capture/live.c,$(wildcard capture/*.c))
SRC_lab := $(wildcard src/lab/*.c) capture/live.c
SRC_decide := $(filter-out src/main.c src/cmd_%.c,$(wildcard src/*.c))
SRC_ui := $(wildcard ui/*.c)
SRC_main := src/main.c $(wildcard src/cmd_*.c)
FLOORS := core capture lab decide ui
BELOW_core := core
BELOW_capture := capture core
BELOW_lab := lab capture core
BELOW_decide := decide lab capture core
BELOW_ui := ui decide lab capture core

objects = $(patsubst %.c,$(OUT)/%.o,$(1))
archives = $(patsubst %,$(OUT)/lib%.a,$(1))

LESSONS := $(sort $(wildcard src/lessons/*.lab))
PROGRAM := $(OUT)/socklens

.PHONY: all run check setup san tsan lint unit golden bench fuzz soak traces install uninstall clean help
.DELETE_ON_ERROR:
.SECONDARY:

all: $(PROGRAM)

run:
	@.setup/packages build
	@$(MAKE) --no-print-directory all
	@$(PROGRAM)

check: setup
	@$(MAKE) --no-print-directory all unit
	@tests/run $(OUT)

setup:
	@.setup/packages

# ---- the program ----

$(PROGRAM): $(call objects,$(SRC_main)) $(call archives,$(BELOW_ui))
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

define floor
$(OUT)/lib$(1).a: $(call objects,$(SRC_$(1))) $(if $(filter decide,$(1)),$(OUT)/lessons.o)
	@rm -f $$@
	ar rcs $$@ $$^

# A floor's unit tests see this floor and those below it: a wrong dependency does not link.
$(OUT)/tests/unit/$(1)/%: $(OUT)/tests/unit/$(1)/%.o $$(call archives,$(BELOW_$(1)))
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $$@ $$^ -lcmocka $(LIBS)
UNITS += $(patsubst %.c,$(OUT)/%,$(wildcard tests/unit/$(1)/test_*.c))
endef
$(foreach f,$(FLOORS),$(eval $(call floor,$(f))))

$(OUT)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

# The lessons, compiled in: a table of names and texts.
$(OUT)/lessons.c: $(LESSONS) src/lessons/embed
	@mkdir -p $(@D)
	src/lessons/embed $(LESSONS) > $@
$(OUT)/lessons.o: $(OUT)/lessons.c
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)

# ---- tests ----

FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

# Programs that test scripts call: whatever has a main() beside them.
HELPERS = $(patsubst %.c,$(OUT)/%,$(shell grep -lE '^int main' tests/packets/*.c tests/traces/*.c tests/screens/*.c \
	tests/labs/*.c tests/term/*.c tests/bench/*.c 2>/dev/null)) $(patsubst %,$(OUT)/tests/fuzz/fuzz_%,$(FUZZERS))

# Programs as a student would write them, which know nothing of socklens and are linked with none of it.
STUDENTS := $(patsubst %.c,$(OUT)/%,$(wildcard tests/programs/*.c))
$(STUDENTS): $(OUT)/tests/programs/%: tests/programs/%.c
	@mkdir -p $(@D)
	$(CC) -O1 -g -Wall -Wextra -o $@ $< -pthread

unit: $(UNITS) $(HELPERS) $(STUDENTS)

# Fuzz targets, replayed over their corpora; and, for `make fuzz`, with libFuzzer.
$(OUT)/tests/fuzz/fuzz_%: $(OUT)/tests/fuzz/fuzz_%.o $(OUT)/tests/fuzz/replay.o $(call archives,$(BELOW_ui))
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
$(OUT)/libfuzzer_%: $(OUT)/tests/fuzz/fuzz_%.o $(call archives,$(BELOW_ui))
	$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(LIBS)
.PHONY: fuzzers
fuzzers: $(patsubst %,$(OUT)/libfuzzer_%,$(FUZZERS))

# Programs that only benchmarks and tests need: one file each, linked with everything below the screen.
$(OUT)/tests/%: $(OUT)/tests/%.o $(call archives,$(BELOW_ui))
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

san:
	@$(MAKE) --no-print-directory check VARIANT=san

tsan:
	@$(MAKE) --no-print-directory check VARIANT=tsan

lint: setup
	@tests/lint

bench: all
	@tests/bench/run $(OUT)

golden: all unit
	@tests/golden $(OUT)

fuzz: setup
	@tests/fuzz/run

soak: all
	@tests/lessons/soak $(OUT) $(SOAK)

# ---- the lessons' recordings, for machines that cannot build a lab ----

traces: $(patsubst src/lessons/%.lab,$(OUT)/traces/%.pcapng,$(LESSONS))

# What this machine lacks something for has none.
$(OUT)/traces/%.pcapng: src/lessons/%.lab $(PROGRAM)
	@mkdir -p $(@D)
	@rm -f $@ $@.part
	@$(PROGRAM) play --quiet $* -w $@.part; status=$$?; \
	case $$status in \
	0) mv $@.part $@ ;; \
	77) rm -f $@.part ;; \
	*) rm -f $@.part; exit $$status ;; \
	esac

# ---- installing ----

install: all
	install -Dm755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/socklens

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/socklens

clean:
	rm -rf .build

help:
	@echo 'make run        set up, build, and open the lab'
	@echo 'make check      set up, build, and run every test'
	@echo 'make san        every test under the address and undefined-behaviour sanitizers'
	@echo 'make lint       the rules of the house: layers, formatting, static analysis'
	@echo 'make bench      benchmarks, as ratios against stock tools'
	@echo 'make fuzz       the fuzzers, for FUZZ_SECONDS (default 60) each'
	@echo 'make soak       every lesson, SOAK_TIMES (default 20) times, beside two busy loops; SOAK="NAME …" only these'
	@echo 'make traces     a recording of every lesson, in $(OUT)/traces'
	@echo 'make golden     rewrite the expected outputs (review the diff)'
	@echo 'make install    PREFIX=$(PREFIX) DESTDIR='
	@echo 'make uninstall, make clean'
