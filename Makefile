# SPDX-License-Identifier: Apache-2.0
# Each target is one line: programs in hack/ do the work.
# hack/with-go runs a command with a Go that is new enough, and downloads one if needed.

GO   := hack/with-go
SIZE ?=
NAME ?= lab
LAB  := $(GO) bin/lab
size := $(if $(SIZE),--size $(SIZE))

.DEFAULT_GOAL := help
.PHONY: help demo test test-all build generate pictures fmt lint lab-up lab-down lab-status lab-run clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r t d; do printf '  make %-11s %s\n' "$$t" "$$d"; done

demo: build ## start a lab with a shop under load, and upgrade its Istio in three waves
	@$(GO) go run ./hack/demo

test: build ## static checks, unit tests, stories on the lab (STORIES=NAME: only these stories)
	@$(GO) go run ./hack/test $(if $(STORIES),-stories '$(STORIES)')

test-all: build ## everything in make test, the long stories, and repetitions (hours)
	@$(GO) go run ./hack/test -all $(if $(STORIES),-stories '$(STORIES)')

build: ## build bin/rerig and bin/lab
	@$(GO) go build -o bin/ ./cmd/...
	@$(GO) go -C lab build -o ../bin/ ./cmd/...

generate: ## generated code and pages: api/v1alpha1, docs/reference
	@$(GO) hack/generate
	@$(GO) go test ./api/v1alpha1 -run TestMeshUpgradePage -update
	@$(GO) go test ./test/laws -run TestCoveragePage -update
	@$(GO) go test ./internal/cli -run TestCommandLinePage -update

pictures: build ## docs/images: the live view of a first upgrade, recorded on a hollow lab
	@RERIG_PICTURES=$(CURDIR)/docs/images $(GO) go run ./hack/test -stories TestTaskPagesThatInstall

fmt: ## format the code
	@$(GO) gofmt -w .

lint: ## run golangci-lint (.golangci.yml)
	@hack/lint

lab-up: build ## start a lab (SIZE=real|hollow, NAME=lab)
	@$(LAB) up --name $(NAME) $(size)

lab-down: build ## stop the lab and remove it
	@$(LAB) down --name $(NAME)

lab-status: build ## show what runs in the lab
	@$(LAB) status --name $(NAME)

lab-run: build ## run a command inside the lab: make lab-run CMD='kubectl get pods -A'
	@$(LAB) run --name $(NAME) -- $(CMD)

clean: ## remove what was built here; the cache stays
	rm -rf bin dist
