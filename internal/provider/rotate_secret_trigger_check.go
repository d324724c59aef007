package provider

// triggerCheck rejects the empty text, which is most often a variable that was not
// set. It would rotate the secret.
var triggerCheck = textCheck{title: "Invalid rotation trigger", want: "any text but the empty one", problem: func(trigger string) string {
	if trigger != "" {
		return ""
	}
	return "The trigger is the empty text, which is most often a variable that was not set, and would rotate the secret. Give it a text, or null for none."
}}
