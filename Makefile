# SPDX-License-Identifier: GPL-2.0-or-later
#
# Builds kvmwake: every folder of sim/ but cli/ becomes build/libkvmwake.a,
# cli/ becomes build/kvmwake, each tests/*/test_*.c a program of its own.
#
# What may be set on the command line: BUILD, CC, AR, CFLAGS, LDFLAGS,
# PREFIX, DESTDIR, JOBS (tests in parallel).  `make help` lists the targets.

VERSION	:= 0.1.0
BUILD	?= build
PREFIX	?= /usr/local
JOBS	?= 2
CFLAGS	?= -O3 -g
ifeq ($(origin CC),default)
CC	:= gcc
endif
export CC

# The compiler and the libraries come first: scripts/deps looks for them,
# installs what is missing where it may, and writes down the flags.
NO_DEPS	:= help clean tidy
ifneq ($(filter-out $(NO_DEPS),$(or $(MAKECMDGOALS),all)),)
include $(BUILD)/deps.mk
endif

WARN	:= -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
	   -Wmissing-prototypes
KW_CFLAGS := -std=gnu11 $(WARN) -Isim -DKW_VERSION='"$(VERSION)"' \
	     $(DEPS_CFLAGS) $(CFLAGS)
KW_LIBS	:= $(DEPS_LIBS) -lm -lpthread

# gcc would merge the many jumps of the engine's loop into one, which no
# processor predicts; and a block of random numbers takes it a third longer
# when it reorders and vectorises that.  clang does not know these options.
ifeq ($(shell $(CC) -dM -E -x c /dev/null 2>/dev/null | grep -c __clang__),0)
$(BUILD)/sim/run/loop.o: KW_CFLAGS += -fno-gcse -fno-crossjumping
$(BUILD)/sim/run/rng.o: KW_CFLAGS += -fno-schedule-insns2 -fno-tree-vectorize
endif

LIB_SRC	 := $(sort $(filter-out sim/cli/%,$(wildcard sim/*/*.c)))
CLI_SRC	 := $(sort $(wildcard sim/cli/*.c))
TEST_SRC := $(sort $(wildcard tests/*/test_*.c))
TLIB_SRC := $(sort $(wildcard tests/lib/*.c))
LIB_OBJ	 := $(LIB_SRC:%.c=$(BUILD)/%.o)
CLI_OBJ	 := $(CLI_SRC:%.c=$(BUILD)/%.o)
TEST_OBJ := $(TEST_SRC:%.c=$(BUILD)/%.o)
TLIB_OBJ := $(TLIB_SRC:%.c=$(BUILD)/%.o)
TEST_BIN := $(TEST_SRC:%.c=$(BUILD)/%)
LIB	 := $(BUILD)/libkvmwake.a
BIN	 := $(BUILD)/kvmwake

.PHONY: all check check-slow demo install bench fuzz plots tidy clean help FORCE
.DELETE_ON_ERROR:
.SECONDARY: $(TEST_OBJ) $(TLIB_OBJ)

all: $(if $(CLI_SRC),$(BIN),$(LIB))

$(BUILD)/deps.mk: scripts/deps
	@mkdir -p $(@D)
	@scripts/deps --make > $@.tmp && mv $@.tmp $@

# Other flags, other objects: this file changes when they do.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(CC) $(KW_CFLAGS) $(LDFLAGS))' > $@.tmp
	@if cmp -s $@.tmp $@; then rm $@.tmp; else mv $@.tmp $@; fi

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  CC      $<"
	@$(CC) $(KW_CFLAGS) -MMD -MP -c -o $@ $<

$(LIB): $(LIB_OBJ) $(BUILD)/flags
	@echo "  AR      $@"
	@rm -f $@
	@$(AR) rcs $@ $(LIB_OBJ)

$(BIN): $(CLI_OBJ) $(LIB)
	@echo "  LD      $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(CLI_OBJ) $(LIB) $(KW_LIBS)

$(TEST_BIN): $(BUILD)/%: $(BUILD)/%.o $(TLIB_OBJ) $(LIB)
	@echo "  LD      $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(TLIB_OBJ) $(LIB) \
		$(KW_LIBS)

check: all $(TEST_BIN)
	@BUILD=$(BUILD) JOBS=$(JOBS) tests/run $(TESTS)

# What takes minutes: explorations under every memory model, Spin at length.
check-slow: all $(TEST_BIN)
	@BUILD=$(BUILD) JOBS=$(JOBS) tests/run tests/slow

demo: all
	@BUILD=$(BUILD) scripts/demo

bench: all
	@BUILD=$(BUILD) tests/bench/bench $(BENCH)

fuzz: all
	@BUILD=$(BUILD) tests/fuzz/fuzz $(FUZZ)

plots: all
	@BUILD=$(BUILD) scripts/plots

tidy:
	@tests/tidy/tidy.sh

DATA := $(sort $(wildcard lua/*/*.lua lua/*/*/*.lua plots/*.gp \
	  scenarios/*/*.lua scenarios/*/*.gz scenarios/*/*.litmus))
MAN1 := $(DESTDIR)$(PREFIX)/share/man/man1
install: all
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(BIN) $(DESTDIR)$(PREFIX)/bin/kvmwake
	$(BIN) help --man | install -D -m 644 /dev/stdin $(MAN1)/kvmwake.1
	set -e; for v in $$($(BIN) help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do \
		$(BIN) help --man $$v | \
			install -D -m 644 /dev/stdin $(MAN1)/kvmwake-$$v.1; \
	done
	$(BIN) completion bash | install -D -m 644 /dev/stdin \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/kvmwake
	install -D -m 755 scripts/record-kvm-trace \
		$(DESTDIR)$(PREFIX)/share/kvmwake/scripts/record-kvm-trace
	set -e; for f in $(DATA); do \
		install -D -m 644 $$f \
			$(DESTDIR)$(PREFIX)/share/kvmwake/$$f; \
	done

clean:
	rm -rf $(BUILD)

help:
	@echo 'make          build $(BIN) (missing libraries are installed)'
	@echo 'make check    run every test; TESTS="tests/run_*" for some'
	@echo 'make check-slow  explorations, and Spin, that take minutes'
	@echo 'make demo     the old kernel against the proposal: table, figures'
	@echo 'make bench    speed against ns-3, SimPy, trace-cmd, and the goals'
	@echo 'make fuzz     random scenarios and broken input, for a minute'
	@echo 'make plots    every figure again from the results of the demo'
	@echo 'make tidy     the source rules only'
	@echo 'make install  to PREFIX ($(PREFIX)), DESTDIR honoured'
	@echo 'make clean    remove $(BUILD)/'
	@echo
	@echo 'BUILD=build-clang CC=clang CFLAGS="-O0 -g" build beside the rest'

-include $(LIB_OBJ:.o=.d) $(CLI_OBJ:.o=.d) $(TEST_OBJ:.o=.d) \
	 $(TLIB_OBJ:.o=.d)
