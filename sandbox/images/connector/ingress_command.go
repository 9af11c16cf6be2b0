package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"time"

	"github.com/urfave/cli/v2"
	"gopkg.in/yaml.v3"

	"creel/sandbox/images/connector/ingress"
)

// ingressCommand checks rules in a file without connecting anywhere.
func ingressCommand(stdout io.Writer) *cli.Command {
	return &cli.Command{
		Name:  "ingress",
		Usage: "check ingress rules in a file",
		Subcommands: []*cli.Command{
			{Name: "validate", Usage: "say whether the rules are valid", Action: func(c *cli.Context) error {
				file, _, err := fileRules(c)
				if err != nil {
					return err
				}
				fmt.Fprintf(stdout, "Validating rules from %s\nOK\n", file)
				return nil
			}},
			{Name: "rule", Usage: "say which rule a URL is routed by", ArgsUsage: "URL", Action: func(c *cli.Context) error {
				target, err := url.Parse(c.Args().First())
				if err != nil || target.Hostname() == "" {
					return errors.New("the URL to test is missing or has no hostname")
				}
				file, rules, err := fileRules(c)
				if err != nil {
					return err
				}
				rule, number := rules.Match(target.Hostname(), target.Path)
				fmt.Fprintf(stdout, "Using rules from %s\nMatched rule #%d\n%s\n", file, number, describe(rule))
				return nil
			}},
		},
	}
}

func describe(rule ingress.Rule) string {
	text := ""
	if rule.Hostname != "" {
		text += "\thostname: " + rule.Hostname + "\n"
	}
	if rule.Path != nil {
		text += "\tpath: " + rule.Path.String() + "\n"
	}
	return text + "\tservice: " + rule.Service.String()
}

func fileRules(c *cli.Context) (string, ingress.Rules, error) {
	file := c.String("config")
	if file == "" {
		return "", ingress.Rules{}, errors.New("No configuration file was found: name one with --config")
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return "", ingress.Rules{}, err
	}
	var document map[string]any
	if err := yaml.Unmarshal(content, &document); err != nil {
		return "", ingress.Rules{}, fmt.Errorf("error parsing YAML in config file at %s: %w", file, err)
	}
	if rules, _ := document["ingress"].([]any); len(rules) == 0 {
		return "", ingress.Rules{}, errors.New("Validation failed: the config file contains no ingress rules")
	}
	text, err := json.Marshal(inSeconds(document))
	if err != nil {
		return "", ingress.Rules{}, err
	}
	rules, err := ingress.Parse(text)
	if err != nil {
		return "", ingress.Rules{}, fmt.Errorf("Validation failed: %w", err)
	}
	return file, rules, nil
}

// inSeconds turns the durations of a file, such as "30s", into the seconds of a pushed configuration.
func inSeconds(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for _, name := range []string{"connectTimeout", "tlsTimeout", "tcpKeepAlive", "keepAliveTimeout"} {
			if text, ok := value[name].(string); ok {
				if duration, err := time.ParseDuration(text); err == nil {
					value[name] = int64(duration.Seconds())
				}
			}
		}
		for name, inner := range value {
			value[name] = inSeconds(inner)
		}
	case []any:
		for i, inner := range value {
			value[i] = inSeconds(inner)
		}
	}
	return value
}
