import attacked

attacked.main("agent.till")
